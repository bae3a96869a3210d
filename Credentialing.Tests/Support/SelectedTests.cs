using System.Reflection;
using Credentialing.Tests.Support;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestFramework(typeof(SelectedTests))]

namespace Credentialing.Tests.Support;

/// <summary>
/// Runs only the test classes whose names, without <c>Credentialing.Tests.</c>, start with an entry of <c>CREDENTIALING_TESTS</c>
/// (separated by semicolons), and stops at the first failure. Without the variable, all tests run as usual. For mutation testing: Stryker
/// passes no filter to the testing platform (stryker-net issue 3843). Once the file <c>CREDENTIALING_NO_TESTS</c> exists, no test runs.
/// </summary>
public sealed class SelectedTests : XunitTestFramework
{
    private static readonly string[] Selection =
        Environment.GetEnvironmentVariable("CREDENTIALING_TESTS")?.Split(';', StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static readonly string? NoTests = Environment.GetEnvironmentVariable("CREDENTIALING_NO_TESTS");

    internal static bool IsActive => Selection.Length > 0;

    protected override ITestFrameworkDiscoverer CreateDiscoverer(Assembly assembly) =>
        IsActive ? new Discoverer(Assembly(assembly)) : base.CreateDiscoverer(assembly);

    protected override ITestFrameworkExecutor CreateExecutor(Assembly assembly) =>
        IsActive ? new Executor(Assembly(assembly)) : base.CreateExecutor(assembly);

    private static XunitTestAssembly Assembly(Assembly assembly) => new(assembly, null, null, null, null, null, null);

    private sealed class Discoverer(IXunitTestAssembly assembly) : XunitTestFrameworkDiscoverer(assembly)
    {
        /// <summary>Enumerates no theory data in advance: Stryker would attribute the code that creates the data to all tests.</summary>
        public override ValueTask Find(
            Func<ITestCase, ValueTask<bool>> callback, ITestFrameworkDiscoveryOptions discoveryOptions, Type[]? types, CancellationToken? cancellationToken)
        {
            discoveryOptions.SetPreEnumerateTheories(false);
            return base.Find(callback, discoveryOptions, types, cancellationToken);
        }

        protected override Type[] GetExportedTypes() => [.. base.GetExportedTypes().Where(IsSelected)];

        private static bool IsSelected(Type type) =>
            Selection.Any(start => type.FullName!.StartsWith($"Credentialing.Tests.{start}", StringComparison.Ordinal));
    }

    private sealed class Executor(IXunitTestAssembly assembly) : XunitTestFrameworkExecutor(assembly)
    {
        public override ValueTask RunTestCases(
            IReadOnlyCollection<IXunitTestCase> testCases, IMessageSink executionMessageSink, ITestFrameworkExecutionOptions executionOptions, CancellationToken cancellationToken)
        {
            executionOptions.SetStopOnTestFail(true);
            return base.RunTestCases(File.Exists(NoTests) ? [] : testCases, executionMessageSink, executionOptions, cancellationToken);
        }
    }
}
