// What Credentialing.Functions uses of the packages that are not in every feed, beyond what DevHost's WorkerContract.cs declares
// for the function classes: under their real names and with their real shapes, without any behaviour. It is no part of the tests'
// assembly; DeployableProject reads it, and compiles the deployable against it. Whatever is not declared does not compile.
//
// Sources: the repository Azure/azure-functions-dotnet-worker
//   FunctionsApplication, FunctionsApplicationBuilder             src/DotNetWorker/Builder/
//   FunctionContext, GetInvocationResult                          src/DotNetWorker.Core/Context/
//   FunctionDefinition                                            src/DotNetWorker.Core/Definition/
//   IFunctionsWorkerApplicationBuilder, UseMiddleware             src/DotNetWorker.Core/Hosting/
//   InvocationResult                                              src/DotNetWorker.Core/Invocation/
//   FunctionExecutionDelegate                                     src/DotNetWorker.Core/Pipeline/
//   IFunctionsWorkerMiddleware                                    src/DotNetWorker/Pipeline/, from where it moved to Core
//   ConfigureFunctionsWebApplication, GetHttpContext              extensions/Worker.Extensions.Http.AspNetCore/src/
//   UseFunctionsWorkerDefaults                                    src/DotNetWorker.OpenTelemetry/
// and the repository Azure/azure-sdk-for-net
//   Azure.Communication.Email                                     sdk/communication/Azure.Communication.Email/api/

using System.Reflection;
using Azure;
using Azure.Communication.Email;
using Azure.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;

// The packages that are stood for, and the versions whose shapes were looked up. The worker's SDK has no types of its own.
[assembly: AssemblyMetadata("Azure.Communication.Email", "1.1.0")]
[assembly: AssemblyMetadata("Microsoft.Azure.Functions.Worker", "2.52.0")]
[assembly: AssemblyMetadata("Microsoft.Azure.Functions.Worker.Extensions.Http.AspNetCore", "2.1.1")]
[assembly: AssemblyMetadata("Microsoft.Azure.Functions.Worker.Extensions.Timer", "4.3.1")]
[assembly: AssemblyMetadata("Microsoft.Azure.Functions.Worker.OpenTelemetry", "1.2.0")]
[assembly: AssemblyMetadata("Microsoft.Azure.Functions.Worker.Sdk", "2.1.0")]

namespace Microsoft.Azure.Functions.Worker.Builder
{
    public class FunctionsApplication
    {
        public static FunctionsApplicationBuilder CreateBuilder(string[] args) => throw null!;
    }

    public class FunctionsApplicationBuilder : IHostApplicationBuilder, IFunctionsWorkerApplicationBuilder
    {
        internal FunctionsApplicationBuilder() => throw null!;

        public IDictionary<object, object> Properties => throw null!;

        IConfigurationManager IHostApplicationBuilder.Configuration => throw null!;

        public ConfigurationManager Configuration => throw null!;

        public IHostEnvironment Environment => throw null!;

        public ILoggingBuilder Logging => throw null!;

        public IMetricsBuilder Metrics => throw null!;

        public IServiceCollection Services => throw null!;

        public IHost Build() => throw null!;

        public void ConfigureContainer<TContainerBuilder>(IServiceProviderFactory<TContainerBuilder> factory, Action<TContainerBuilder>? configure = null)
            where TContainerBuilder : notnull => throw null!;

        public IFunctionsWorkerApplicationBuilder Use(Func<FunctionExecutionDelegate, FunctionExecutionDelegate> middleware) => throw null!;
    }

    public static class FunctionsApplicationBuilderAspNetCoreExtensions
    {
        public static FunctionsApplicationBuilder ConfigureFunctionsWebApplication(this FunctionsApplicationBuilder builder) => throw null!;
    }
}

namespace Microsoft.Azure.Functions.Worker.Middleware
{
    public delegate Task FunctionExecutionDelegate(FunctionContext context);

    public interface IFunctionsWorkerMiddleware
    {
        Task Invoke(FunctionContext context, FunctionExecutionDelegate next);
    }
}

namespace Microsoft.Azure.Functions.Worker
{
    public interface IFunctionsWorkerApplicationBuilder
    {
        IServiceCollection Services { get; }

        IFunctionsWorkerApplicationBuilder Use(Func<FunctionExecutionDelegate, FunctionExecutionDelegate> middleware);
    }

    public abstract class FunctionContext
    {
        public abstract string InvocationId { get; }

        public abstract string FunctionId { get; }

        public abstract IServiceProvider InstanceServices { get; set; }

        public abstract FunctionDefinition FunctionDefinition { get; }

        public abstract IDictionary<object, object> Items { get; set; }
    }

    public abstract class FunctionDefinition
    {
        public abstract string PathToAssembly { get; }

        public abstract string EntryPoint { get; }

        public abstract string Id { get; }

        public abstract string Name { get; }
    }

    public static class FunctionContextExtensions
    {
        public static HttpContext? GetHttpContext(this FunctionContext context) => throw null!;
    }

    public static class FunctionContextBindingFeatureExtensions
    {
        public static InvocationResult<T> GetInvocationResult<T>(this FunctionContext context) => throw null!;

        public static InvocationResult GetInvocationResult(this FunctionContext context) => throw null!;
    }

    public class InvocationResult<T>
    {
        internal InvocationResult() => throw null!;

        public T? Value
        {
            get => throw null!;
            set => throw null!;
        }
    }

    public sealed class InvocationResult : InvocationResult<object>
    {
        internal InvocationResult() => throw null!;
    }
}

namespace Microsoft.Azure.Functions.Worker.OpenTelemetry
{
    public static class ConfigureFunctionsOpenTelemetry
    {
        public static IOpenTelemetryBuilder UseFunctionsWorkerDefaults(this IOpenTelemetryBuilder builder) => throw null!;
    }
}

namespace Microsoft.Extensions.Hosting
{
    public static class MiddlewareWorkerApplicationBuilderExtensions
    {
        public static IFunctionsWorkerApplicationBuilder UseMiddleware<T>(this IFunctionsWorkerApplicationBuilder builder)
            where T : class, IFunctionsWorkerMiddleware => throw null!;

        public static IFunctionsWorkerApplicationBuilder UseMiddleware(
            this IFunctionsWorkerApplicationBuilder builder, Func<FunctionContext, Func<Task>, Task> middleware) => throw null!;
    }
}

// Compiled without annotations for null, as the package is.
#nullable disable

namespace Azure.Communication.Email
{
    public readonly struct EmailAddress
    {
        public EmailAddress(string address) => throw null;

        public EmailAddress(string address, string displayName) => throw null;

        public string Address => throw null;

        public string DisplayName => throw null;
    }

    public class EmailAttachment
    {
        public EmailAttachment(string name, string contentType, BinaryData content) => throw null;

        public BinaryData Content => throw null;

        public string ContentId
        {
            get => throw null;
            set => throw null;
        }

        public string ContentType => throw null;

        public string Name => throw null;
    }

    public class EmailClient
    {
        protected EmailClient() => throw null;

        public EmailClient(string connectionString) => throw null;

        public EmailClient(string connectionString, EmailClientOptions options) => throw null;

        public EmailClient(Uri endpoint, AzureKeyCredential credential, EmailClientOptions options = null) => throw null;

        public EmailClient(Uri endpoint, TokenCredential credential, EmailClientOptions options = null) => throw null;

        public virtual Task<EmailSendOperation> SendAsync(
            WaitUntil wait, EmailMessage message, Guid operationId, CancellationToken cancellationToken = default) => throw null;

        public virtual Task<EmailSendOperation> SendAsync(
            WaitUntil wait, EmailMessage message, CancellationToken cancellationToken = default) => throw null;

        public virtual Task<EmailSendOperation> SendAsync(
            WaitUntil wait, string senderAddress, string recipientAddress, string subject, string htmlContent, Guid operationId, string plainTextContent = null, CancellationToken cancellationToken = default) => throw null;

        public virtual Task<EmailSendOperation> SendAsync(
            WaitUntil wait, string senderAddress, string recipientAddress, string subject, string htmlContent, string plainTextContent = null, CancellationToken cancellationToken = default) => throw null;
    }

    public class EmailClientOptions : ClientOptions
    {
        public EmailClientOptions(ServiceVersion version = ServiceVersion.V2025_09_01) => throw null;

        public enum ServiceVersion
        {
            V2021_10_01_Preview = 1,
            V2023_01_15_Preview = 2,
            V2023_03_31 = 3,
            V2024_07_01_Preview = 4,
            V2025_09_01 = 5,
        }
    }

    public class EmailContent
    {
        public EmailContent(string subject) => throw null;

        public string Html
        {
            get => throw null;
            set => throw null;
        }

        public string PlainText
        {
            get => throw null;
            set => throw null;
        }

        public string Subject => throw null;
    }

    public class EmailMessage
    {
        public EmailMessage(string senderAddress, EmailRecipients recipients, EmailContent content) => throw null;

        public EmailMessage(string senderAddress, string recipientAddress, EmailContent content) => throw null;

        public IList<EmailAttachment> Attachments => throw null;

        public EmailContent Content => throw null;

        public IDictionary<string, string> Headers => throw null;

        public EmailRecipients Recipients => throw null;

        public IList<EmailAddress> ReplyTo => throw null;

        public string SenderAddress => throw null;

        public bool? UserEngagementTrackingDisabled
        {
            get => throw null;
            set => throw null;
        }
    }

    public class EmailRecipients
    {
        public EmailRecipients(IEnumerable<EmailAddress> to) => throw null;

        public EmailRecipients(IEnumerable<EmailAddress> to = null, IEnumerable<EmailAddress> cc = null, IEnumerable<EmailAddress> bcc = null) => throw null;

        public IList<EmailAddress> BCC => throw null;

        public IList<EmailAddress> CC => throw null;

        public IList<EmailAddress> To => throw null;
    }

    public class EmailSendOperation : Operation<EmailSendResult>
    {
        protected EmailSendOperation() => throw null;

        public EmailSendOperation(string id, EmailClient client) => throw null;

        public override bool HasCompleted => throw null;

        public override bool HasValue => throw null;

        public override string Id => throw null;

        public override EmailSendResult Value => throw null;

        public override Response GetRawResponse() => throw null;

        public override Response UpdateStatus(CancellationToken cancellationToken = default) => throw null;

        public override ValueTask<Response> UpdateStatusAsync(CancellationToken cancellationToken = default) => throw null;
    }

    public class EmailSendResult
    {
        internal EmailSendResult() => throw null;
    }
}
