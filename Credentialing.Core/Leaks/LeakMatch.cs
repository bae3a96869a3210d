using System.Text.Json.Serialization;

namespace Credentialing.Core.Leaks;

/// <summary>Which key of an LEA a reported secret key is. The attributes contain its names in JSON and in the metric.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LeakMatch>))]
public enum LeakMatch
{
    /// <summary>No stored key: it is not of this installation, or its row cannot be read.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown,

    /// <summary>The current key. Whether it works: see <see cref="Leak.IsUsable"/>.</summary>
    [JsonStringEnumMemberName("current")]
    Current,

    /// <summary>The previous key during its overlap: it works beside the current one.</summary>
    [JsonStringEnumMemberName("previous")]
    Previous,

    /// <summary>An earlier key that does not work any more.</summary>
    [JsonStringEnumMemberName("superseded")]
    Superseded,
}
