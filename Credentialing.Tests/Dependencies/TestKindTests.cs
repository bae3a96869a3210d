using System.Reflection;
using Credentialing.Tests.Infrastructure;
using Credentialing.Tests.Published;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Dependencies;

/// <summary>Every test class states what it needs, so that a developer can select the fast ones.</summary>
[Kind(TestKind.Unit)]
public sealed class TestKindTests
{
    public static TheoryData<Type> Classes =>
        [.. typeof(TestKindTests).Assembly.GetTypes().Where(type => type.GetMethods().Any(method => method.IsDefined(typeof(FactAttribute))))];

    [Theory]
    [MemberData(nameof(Classes))]
    public void A_test_class_has_the_kind_that_its_fixtures_require(Type type)
    {
        var fixtures = type.GetConstructors().SelectMany(constructor => constructor.GetParameters()).Select(parameter => parameter.ParameterType).ToList();
        TestKind[] allowed = fixtures.Contains(typeof(BrowserFixture)) ? [TestKind.Browser]
            : fixtures.Contains(typeof(PublishedApp)) || fixtures.Contains(typeof(DeploymentFixture)) ? [TestKind.Process]
            : fixtures.Contains(typeof(AzuriteFixture)) ? [TestKind.Storage, TestKind.Process]
            : [TestKind.Unit, TestKind.Process];

        Assert.Contains(type.GetCustomAttribute<KindAttribute>()?.Kind, allowed.Select(kind => (TestKind?)kind));
    }
}
