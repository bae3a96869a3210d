using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.Functions.Hosting;

public static partial class AzureRegistration
{
    static partial void AddCommunicationServices(IServiceCollection services) => services.AddAzureEmailSender();
}
