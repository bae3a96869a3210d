using Azure.Data.Tables;
using Azure.Identity;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.Services.AddSingleton(services =>
{
    var settings = services.GetRequiredService<IConfiguration>();
    var identity = new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(settings["AZURE_CLIENT_ID"]));
    return new TableServiceClient(new Uri(settings["Credentialing:Azure:TableEndpoint"]!), identity).GetTableClient("Leas");
});
builder.Build().Run();
