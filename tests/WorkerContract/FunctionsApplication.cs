using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Microsoft.Azure.Functions.Worker.Builder;

public static class FunctionsApplication
{
    public static FunctionsApplicationBuilder CreateBuilder(string[] args) => new(args);
}

public static class FunctionsApplicationBuilderAspNetCoreExtensions
{
    public static FunctionsApplicationBuilder ConfigureFunctionsWebApplication(this FunctionsApplicationBuilder builder) => builder;
}

public sealed class FunctionsApplicationBuilder
{
    private readonly HostApplicationBuilder host;

    internal FunctionsApplicationBuilder(string[] args) => host = Host.CreateApplicationBuilder(args);

    public ConfigurationManager Configuration => host.Configuration;

    public IServiceCollection Services => host.Services;

    /// <exception cref="PlatformNotSupportedException">Always: this build has no worker that could run.</exception>
    public IHost Build() => throw new PlatformNotSupportedException(
        $"This build of {host.Environment.ApplicationName} has no Azure Functions worker, because the package feed had none when infra/local/setup.sh asked. Run the functions with infra/local/up.sh.");
}
