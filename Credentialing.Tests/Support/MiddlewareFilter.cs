using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace Credentialing.Tests.Support;

/// <summary>Adds middleware in front of DevHost's pipeline.</summary>
internal sealed class MiddlewareFilter(Action<IApplicationBuilder> add) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        add(app);
        next(app);
    };
}
