namespace Credentialing.Core.ScoreReports;

/// <summary>A Statewide Student Identifier: 10 digits. Immutable.</summary>
/// <remarks>Source: California Department of Education, "Statewide Student Identifier (SSID)".</remarks>
public readonly record struct Ssid
{
    private const int Length = 10;

    private readonly string? digits;

    private Ssid(string digits) => this.digits = digits;

    /// <summary>The 10 ASCII digits.</summary>
    /// <exception cref="InvalidOperationException">This is <c>default(Ssid)</c>, which has no value.</exception>
    public string Value => digits ?? throw new InvalidOperationException("default(Ssid) has no value.");

    /// <summary>Parses an SSID: exactly 10 ASCII digits. Returns false for other text.</summary>
    public static bool TryParse(string? text, out Ssid ssid)
    {
        var valid = text is { Length: Length } && !text.AsSpan().ContainsAnyExceptInRange('0', '9');
        ssid = valid ? new Ssid(text!) : default;
        return valid;
    }

    /// <summary>Parses an SSID: exactly 10 ASCII digits.</summary>
    /// <exception cref="FormatException">The text is not an SSID.</exception>
    public static Ssid Parse(string text) =>
        TryParse(text, out var ssid) ? ssid : throw new FormatException("An SSID is 10 digits.");

    /// <inheritdoc cref="Value"/>
    public override string ToString() => Value;
}
