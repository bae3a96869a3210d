namespace Credentialing.Core;

/// <summary>
/// The identity of an LEA: its 14-digit CDS code (2 county, 5 district and 7 school digits; a district's own code ends
/// in 0000000). That the code is well formed does not say that such an LEA exists.
/// </summary>
/// <remarks>Source: California Department of Education, "County-District-School (CDS) code".</remarks>
public readonly record struct LeaId
{
    /// <summary>How many digits a CDS code has.</summary>
    public const int Length = 14;

    private readonly string? digits;

    private LeaId(string digits) => this.digits = digits;

    /// <summary>The 14 ASCII digits.</summary>
    /// <exception cref="InvalidOperationException">This is <c>default(LeaId)</c>, which names no LEA.</exception>
    public string Value => digits ?? throw new InvalidOperationException("default(LeaId) names no LEA.");

    /// <summary>Reads a CDS code: exactly 14 ASCII digits, without spaces or hyphens.</summary>
    public static bool TryParse(string? text, out LeaId leaId)
    {
        var valid = text is { Length: Length } && text.All(char.IsAsciiDigit);
        leaId = valid ? new LeaId(text!) : default;
        return valid;
    }

    /// <summary>Reads a CDS code that is known to be well formed.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static LeaId Parse(string text) =>
        TryParse(text, out var leaId) ? leaId : throw new FormatException("A CDS code is 14 digits.");

    /// <inheritdoc cref="Value"/>
    public override string ToString() => Value;
}
