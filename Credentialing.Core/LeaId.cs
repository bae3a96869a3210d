namespace Credentialing.Core;

/// <summary>
/// The id of an LEA: its 14-digit CDS code (2 county, 5 district and 7 school digits; the code of a district ends in 0000000).
/// A valid code does not prove that the LEA exists. Immutable.
/// </summary>
/// <remarks>Source: California Department of Education, "County-District-School (CDS) code".</remarks>
public readonly record struct LeaId
{
    /// <summary>The number of digits of a CDS code.</summary>
    public const int Length = 14;

    private readonly string? digits;

    private LeaId(string digits) => this.digits = digits;

    /// <summary>The 14 ASCII digits.</summary>
    /// <exception cref="InvalidOperationException">This is <c>default(LeaId)</c>, which has no value.</exception>
    public string Value => digits ?? throw new InvalidOperationException("default(LeaId) has no value.");

    /// <summary>Parses a CDS code: exactly 14 ASCII digits, without spaces or hyphens. Returns false for other text.</summary>
    public static bool TryParse(string? text, out LeaId leaId)
    {
        var valid = text is { Length: Length } && !text.AsSpan().ContainsAnyExceptInRange('0', '9');
        leaId = valid ? new LeaId(text!) : default;
        return valid;
    }

    /// <summary>Parses a CDS code: exactly 14 ASCII digits.</summary>
    /// <exception cref="FormatException">The text is not a CDS code.</exception>
    public static LeaId Parse(string text) =>
        TryParse(text, out var leaId) ? leaId : throw new FormatException("A CDS code is 14 digits.");

    /// <inheritdoc cref="Value"/>
    public override string ToString() => Value;
}
