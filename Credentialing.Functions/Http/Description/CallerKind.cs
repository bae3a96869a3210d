using Credentialing.Functions.Authentication;

namespace Credentialing.Functions.Http.Description;

/// <summary>The kind of caller of a function. <see cref="Caller"/> authenticates it.</summary>
internal enum CallerKind
{
    /// <summary>
    /// A coordinator of the LEA in the route: <see cref="Caller.AsCoordinatorAsync"/>. For some functions, also TOMS:
    /// <see cref="Caller.AsCoordinatorOrTomsAsync"/>.
    /// </summary>
    Coordinator,

    /// <summary>TOMS itself: <see cref="Caller.AsTomsAsync"/>.</summary>
    Toms,

    /// <summary>A vendor with a bearer token or Basic credentials: <see cref="Caller.AsVendorAsync"/>.</summary>
    Vendor,

    /// <summary>A vendor, or a browser with a temporary link: <see cref="Caller.AsVendorOrByLinkAsync"/>.</summary>
    VendorOrLink,

    /// <summary>A vendor that requests a bearer token: <see cref="TokenRequest"/>.</summary>
    TokenClient,

    /// <summary>Anyone, without authentication.</summary>
    Anyone,
}
