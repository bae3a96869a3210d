using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Credentialing.Core.Credentials;
using Credentialing.Core.Storage;
using Credentialing.DevHost;
using Credentialing.Tests.Performance;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Credentialing.Benchmarks.Sides;

/// <summary>
/// The least that a token endpoint can do: read the form, check an HMAC of the secret in constant time, and sign a token. No validation
/// of the request, no errors, no expiry, no telemetry, and the only client is known in advance. And the least that a list of blobs can do.
/// </summary>
internal static class BareServer
{
    internal const string Name = "bare";

    /// <summary>The same, which also reads the client's row with the Azure SDK for each request, from memory.</summary>
    internal const string NameWithRow = "bare-with-row";

    /// <summary>The path of a list of the student's reports.</summary>
    internal const string ListPath = "/list";

    private const string Table = "Clients";
    private const string Verifier = nameof(Verifier);

    private static readonly JsonWebTokenHandler Tokens = new() { SetDefaultTimesOnTokenCreation = false };

    /// <summary>Runs the server until the standard input is closed.</summary>
    internal static async Task RunAsync(bool readsRow)
    {
        await using var azurite = await Azurite.StartAsync(dataFolder: null, [OurServer.Account], CancellationToken.None);
        var table = azurite.Tables(OurServer.Account, MeasuredApp.Options(new TableClientOptions(), fromMemory: true)).GetTableClient(Table);
        await table.CreateIfNotExistsAsync();
        var storage = new CredentialingStorage(
            azurite.Tables(OurServer.Account), azurite.Blobs(OurServer.Account, MeasuredApp.Options(new BlobClientOptions(), fromMemory: true)));
        await storage.CreateMissingAsync(CancellationToken.None);
        await SampleReports.UploadListedAsync(storage);
        var username = new Username(MeasuredApp.Oakland).ToString();
        var secretKey = SecretKey.Generate().Reveal();
        var pepper = RandomNumberGenerator.GetBytes(32);
        var known = Hash(secretKey);
        await table.AddEntityAsync(RowLikeOurs(username, known));
        var signing = new SigningCredentials(new SymmetricSecurityKey(RandomNumberGenerator.GetBytes(32)), SecurityAlgorithms.HmacSha256);

        await using var app = ServedSide.NewBuilder().Build();
        app.MapPost("/api/v1/token", async context =>
        {
            var form = await context.Request.ReadFormAsync(context.RequestAborted);
            var verifier = known;
            if (readsRow)
            {
                var row = await table.GetEntityIfExistsAsync<TableEntity>(form["client_id"], "credential", cancellationToken: context.RequestAborted);
                verifier = row.Value!.GetBinary(Verifier);
            }

            if (form["client_id"] != username || !CryptographicOperations.FixedTimeEquals(Hash(form["client_secret"]!), verifier))
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                return;
            }

            var token = Tokens.CreateToken(new SecurityTokenDescriptor { Subject = new([new("sub", username)]), Expires = TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(15), SigningCredentials = signing });
            context.Response.Headers.CacheControl = "no-store";
            await context.Response.WriteAsJsonAsync(new TokenResponse(token, "Bearer", 900), JsonSerializerOptions.Web, context.RequestAborted);
        });
        app.MapGet(ListPath, async context =>
        {
            var names = new List<string>();
            await foreach (var blob in storage.ScoreReports.GetBlobsAsync(BlobTraits.None, BlobStates.None, $"{MeasuredApp.Oakland}/{SampleReports.Listed}/", context.RequestAborted))
                names.Add(blob.Name);
            await context.Response.WriteAsJsonAsync(names, context.RequestAborted);
        });
        await ServedSide.ServeAsync(app, username, secretKey);

        byte[] Hash(string secret) => HMACSHA256.HashData(pepper, Encoding.ASCII.GetBytes(secret));
    }

    /// <summary>A row with as many columns as the one that our service reads.</summary>
    private static TableEntity RowLikeOurs(string username, byte[] verifier)
    {
        var row = new TableEntity(username, "credential") { [Verifier] = verifier };
        for (var column = 0; column < 12; column++)
            row[string.Create(CultureInfo.InvariantCulture, $"Column{column}")] = column % 3 == 0 ? DateTimeOffset.UnixEpoch : "text of a column";
        return row;
    }

    private sealed record TokenResponse(string AccessToken, string TokenType, int ExpiresIn);
}
