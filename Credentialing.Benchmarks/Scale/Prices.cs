namespace Credentialing.Benchmarks.Scale;

/// <summary>List prices in US dollars. docs/performance.md names the source of each.</summary>
internal static class Prices
{
    /// <summary>Flex Consumption, on demand: a GB-second.</summary>
    internal const double GigabyteSecond = 0.000026;

    /// <summary>Flex Consumption: an execution.</summary>
    internal const double Execution = 0.40 / 1e6;

    /// <summary>Flex Consumption: a GB-second of an always-ready instance that does nothing.</summary>
    internal const double AlwaysReady = 0.000004;

    /// <summary>Table Storage, GZRS: a read.</summary>
    internal const double TableRead = 0.0065 / 1e4;

    /// <summary>Table Storage, GZRS: a transaction.</summary>
    internal const double TableTransaction = 0.19 / 1e4;

    /// <summary>Table Storage, GZRS: a GB in a month.</summary>
    internal const double TableGigabyte = 0.12;

    /// <summary>Blob Storage, GZRS, hot: a read.</summary>
    internal const double BlobRead = 0.0043 / 1e4;

    /// <summary>Blob Storage, GZRS, hot: a list.</summary>
    internal const double BlobList = 0.12 / 1e4;

    /// <summary>Blob Storage, GZRS, hot: a GB in a month.</summary>
    internal const double BlobGigabyteHot = 0.046;

    /// <summary>Blob Storage, geo-redundant, cool: a GB in a month.</summary>
    internal const double BlobGigabyteCool = 0.035;

    /// <summary>A GB sent to the internet (the first 10 TB of a month; later ones cost less).</summary>
    internal const double Egress = 0.087;

    /// <summary>An email to one recipient.</summary>
    internal const double Email = 0.00025;

    /// <summary>A GB of logs.</summary>
    internal const double LogGigabyte = 2.30;
}
