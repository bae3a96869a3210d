using Xunit.v3;

namespace Credentialing.Tests.Support;

/// <summary>What the tests of a class run against.</summary>
public enum TestKind
{
    /// <summary>Nothing outside the test process.</summary>
    Unit,

    /// <summary>Azurite.</summary>
    Storage,

    /// <summary>A browser.</summary>
    Browser,

    /// <summary>Other programs, such as DevHost, the published app, a shell or the Bicep compiler.</summary>
    Process,
}

/// <summary>The kind of a test class, as the trait <c>Kind</c> by which tests can be selected. See CONTRIBUTING.md.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class KindAttribute(TestKind kind) : Attribute, ITraitAttribute
{
    public TestKind Kind => kind;

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [KeyValuePair.Create("Kind", kind.ToString())];
}
