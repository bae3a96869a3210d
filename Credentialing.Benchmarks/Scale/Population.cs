namespace Credentialing.Benchmarks.Scale;

/// <summary>Who uses the service.</summary>
/// <param name="Name">The name in the report.</param>
/// <param name="Leas">Tenants.</param>
/// <param name="Students">Students of all tenants.</param>
/// <param name="LargestLea">Students of the largest tenant.</param>
internal sealed record Population(string Name, long Leas, long Students, long LargestLea)
{
    /// <summary>The three populations of the report.</summary>
    internal static IReadOnlyList<Population> All { get; } =
    [
        new("California", 2_300, 6_000_000, 540_000),
        new("United States", 19_000, 50_000_000, 900_000),
        new("1,000,000 tenants", 1_000_000, 500_000_000, 900_000),
    ];
}
