namespace Credentialing.Core.Credentials;

/// <summary>
/// The username of an LEA's credentials: <c>sis-</c> and its CDS code. It stays the same across regenerations, and leads
/// straight to the one row that it is checked against.
/// </summary>
/// <param name="LeaId">Whose username it is.</param>
public readonly record struct Username(LeaId LeaId)
{
    private const string Prefix = "sis-";

    /// <summary>Reads a username, in exactly the form it was given out.</summary>
    public static bool TryParse(string? text, out Username username)
    {
        username = default;
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal) || !LeaId.TryParse(text[Prefix.Length..], out var leaId))
            return false;
        username = new Username(leaId);
        return true;
    }

    /// <summary>The username as it is given out.</summary>
    public override string ToString() => Prefix + LeaId.Value;
}
