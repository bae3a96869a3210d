using Credentialing.Functions.Authentication;

namespace Credentialing.Functions.Http.Description;

/// <summary>For whom a function is, as the <see cref="Caller"/> finds out.</summary>
internal enum CallerKind
{
    /// <summary>A coordinator of the LEA in the route: <see cref="Caller.AsCoordinatorAsync"/>.</summary>
    Coordinator,

    /// <summary>TOMS itself: <see cref="Caller.AsTomsAsync"/>.</summary>
    Toms,

    /// <summary>A vendor, by bearer token or Basic credentials: <see cref="Caller.AsVendorAsync"/>.</summary>
    Vendor,

    /// <summary>A vendor that asks for a bearer token: <see cref="TokenRequest"/>.</summary>
    TokenClient,

    /// <summary>Anyone.</summary>
    Anyone,
}
