namespace Credentialing.Core.Credentials;

/// <summary>
/// The username of an LEA's credentials: <c>sis-</c> and the CDS code. It does not change at regeneration. It contains the
/// partition key of the row that the secret key is checked against. Immutable.
/// </summary>
/// <param name="LeaId">The LEA.</param>
public readonly record struct Username(LeaId LeaId)
{
    private const string Prefix = "sis-";

    /// <summary>Parses a username. Case sensitive. Ignores white space around it. Returns false for other text.</summary>
    public static bool TryParse(string? text, out Username username)
    {
        username = default;
        text = text?.Trim();
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal) || !LeaId.TryParse(text[Prefix.Length..], out var leaId))
            return false;
        username = new Username(leaId);
        return true;
    }

    /// <summary>Returns the username.</summary>
    public override string ToString() => Prefix + LeaId.Value;
}
