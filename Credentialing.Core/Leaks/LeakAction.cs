using System.Text.Json.Serialization;

namespace Credentialing.Core.Leaks;

/// <summary>What was done about a reported secret key. The attributes contain its names in JSON: those of the audit events.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LeakAction>))]
public enum LeakAction
{
    /// <summary>Nothing: it was not requested, or the key did not work any more.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>The LEA's credentials were revoked.</summary>
    [JsonStringEnumMemberName("credential-revoked")]
    CredentialRevoked,

    /// <summary>The overlap was ended. The current key still works.</summary>
    [JsonStringEnumMemberName("previous-key-ended")]
    PreviousKeyEnded,
}
