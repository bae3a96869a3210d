using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Credentialing.Functions.Authentication;

/// <summary>An error of the token endpoint (RFC 6749, section 5.2), with the members of problem details beside it.</summary>
/// <param name="Error">What OAuth calls the error.</param>
/// <param name="ErrorDescription">What to do, for people.</param>
/// <param name="Type">The problem's stable type.</param>
/// <param name="Title">The problem in a line, for people.</param>
/// <param name="Status">The status of the answer.</param>
/// <param name="Detail">The same as the description.</param>
internal sealed record TokenErrorResponse(
    [property: JsonPropertyName("error"), AllowedValues("invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope")] string Error,
    [property: JsonPropertyName("error_description")] string ErrorDescription,
    string Type,
    string Title,
    int Status,
    string Detail)
{
    /// <summary>With <c>credentials-expired</c>: when they ended.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTime? ExpiredAt { get; init; }
}
