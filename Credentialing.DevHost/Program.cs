using Credentialing.Core.Credentials;
using Credentialing.DevHost;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

if (args is ["--help"])
{
    Console.WriteLine(Arguments.Usage);
    return 0;
}

if (args is ["--describe-api", var file]) // called by the build
{
    ApiDescription.Write(file);
    return 0;
}

try
{
    return await RunAsync(Arguments.Parse(args));
}
catch (DevHostException failure)
{
    await Console.Error.WriteLineAsync(failure.Message);
    return 1;
}

static async Task<int> RunAsync(Arguments arguments)
{
    const string Account = "devstoreaccount1";

    arguments.ThrowIfAddressUnavailable();
    using var folder = DataFolder.Open(arguments.DataFolder);
    await Azurite.WaitForPreviousRunAsync(folder.Azurite, CancellationToken.None);
    await Maildev.WaitForPreviousRunAsync(folder.Mail, CancellationToken.None);
    if (arguments.Reset)
        folder.Reset();
    var startingMaildev = Maildev.StartAsync(folder.Mail, new MaildevSecurity(), CancellationToken.None); // in parallel with Azurite
    await using var azurite = await Azurite.StartAsync(folder.Azurite, [Account], CancellationToken.None);
    await using var maildev = await startingMaildev;
    var clock = new DevClock(folder.Clock);
    await using var app = DevHostApplication.Build(new DevHostParts(
        arguments.Url, azurite.Tables(Account), azurite.Blobs(Account), new FileSecretVault(folder.Secrets, clock), clock, maildev.SmtpAddress, folder.MyToms, arguments.Telemetry));

    app.MapDevStorage(azurite, Account);
    Console.WriteLine("Preparing the sample data...");
    await ActivatorUtilities.CreateInstance<World>(app.Services).CreateMissingAsync(app.Lifetime.ApplicationStopping);
    try
    {
        await app.StartAsync();
    }
    catch (IOException failure) when (failure.InnerException is AddressInUseException)
    {
        throw arguments.AddressInUse();
    }

    Console.WriteLine(await Welcome.ComposeAsync(
        app.Urls.First(), azurite, maildev, folder.Path, app.Services.GetRequiredService<CredentialService>(), clock));
    await app.WaitForShutdownAsync();
    return 0;
}
