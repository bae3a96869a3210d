using System.Text.RegularExpressions;

namespace Credentialing.Core.Leas;

/// <summary>A TOMS user with the LEA coordinator role for one or more LEAs.</summary>
/// <param name="Id">What TOMS knows the user by; see <see cref="IsValidId"/>.</param>
/// <param name="Name">The name to show to other people.</param>
/// <param name="Email">Where the user gets mail; null where TOMS did not say.</param>
public sealed partial record Coordinator(string Id, string Name, string? Email)
{
    /// <summary>
    /// Whether TOMS may file a coordinator under this id: 1 to 64 letters, digits, dots, hyphens, underscores or at
    /// signs, all of which a Table Storage row key allows.
    /// </summary>
    public static bool IsValidId(string? id) => id is not null && IdPattern().IsMatch(id);

    [GeneratedRegex(@"\A[A-Za-z0-9._@-]{1,64}\z")]
    private static partial Regex IdPattern();
}
