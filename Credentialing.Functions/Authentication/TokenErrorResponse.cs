using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Credentialing.Functions.Authentication;

/// <summary>An error response of the token endpoint (RFC 6749, section 5.2), with the members of problem details.</summary>
/// <param name="Error">The OAuth error code.</param>
/// <param name="ErrorDescription">A human-readable description of what to do.</param>
/// <param name="Type">The problem type. Stable.</param>
/// <param name="Title">A human-readable one-line summary.</param>
/// <param name="Status">The HTTP status code of the response.</param>
/// <param name="Detail">The same text as <c>error_description</c>.</param>
internal sealed record TokenErrorResponse(
    [property: JsonPropertyName("error"), AllowedValues("invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope")] string Error,
    [property: JsonPropertyName("error_description")] string ErrorDescription,
    string Type,
    string Title,
    int Status,
    string Detail)
{
    /// <summary>For <c>credentials-expired</c>: when the credentials expired.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTime? ExpiredAt { get; init; }

    /// <summary>For <c>credentials-revoked</c>: when the credentials were revoked.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTime? RevokedAt { get; init; }
}
