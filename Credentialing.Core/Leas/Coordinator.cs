using System.Text.RegularExpressions;
using Azure.Data.Tables;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Leas;

/// <summary>A TOMS user with the LEA coordinator role for one or more LEAs.</summary>
/// <param name="Id">The user's id in TOMS; see <see cref="IsValidId"/>.</param>
/// <param name="Name">The display name.</param>
/// <param name="Email">The email address; null if TOMS did not provide a valid one (<see cref="EmailAddress"/>).</param>
/// <param name="Language">The language of the emails to this user.</param>
public sealed partial record Coordinator(string Id, string Name, string? Email, Language Language = Language.English)
{
    /// <summary>The display name: always one line of at most <see cref="OneLine.MaxNameLength"/>. The id if there is no name.</summary>
    public string Name { get; init => field = OneLine.Name(value, Id); } = OneLine.Name(Name, Id);

    /// <summary>
    /// Whether an id is valid: 1 to 64 letters, digits, dots, hyphens, underscores or at signs. All of them are allowed in a Table
    /// Storage row key.
    /// </summary>
    public static bool IsValidId(string? id) => id is not null && IdPattern().IsMatch(id);

    /// <summary>
    /// Returns coordinators as text for a column: one line each, its values separated by tabs. <see cref="Lea.MaxCoordinators"/> of them
    /// with the longest values fit into a column of Table Storage (32,768 UTF-16 code units).
    /// </summary>
    internal static string ListToText(IReadOnlyList<Coordinator> coordinators) => string.Join('\n', coordinators.Select(coordinator =>
        string.Join('\t', coordinator.Id, LanguageTag.Of(coordinator.Language), coordinator.Email, coordinator.Name)));

    /// <summary>Reads a column that <see cref="ListToText"/> has written; empty if it is missing.</summary>
    /// <exception cref="UnreadableRowException">The column is corrupt.</exception>
    internal static IReadOnlyList<Coordinator> ListFromText(TableEntity row, string column) => row.Optional<string>(column) is { Length: > 0 } text
        ? [.. text.Split('\n').Select(line => line.Split('\t') is [var id, var tag, var email, var name] && LanguageTag.Parse(tag) is { } language
            ? new Coordinator(id, name, email.Length == 0 ? null : email, language)
            : throw UnreadableRowException.Corrupt(row, $"has no valid {column}"))]
        : [];

    [GeneratedRegex(@"\A[A-Za-z0-9._@-]{1,64}\z")]
    private static partial Regex IdPattern();
}
