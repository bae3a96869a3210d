namespace Credentialing.Functions.Endpoints;

/// <summary>A part of an operation that failed, while the rest succeeded.</summary>
/// <param name="LeaId">The LEA's CDS code, or another name if the failure is not about an LEA.</param>
/// <param name="Detail">What went wrong.</param>
internal sealed record FailureResponse(string LeaId, string Detail);
