using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Serverless.Functions;
using Serverless.Functions.Http;

namespace Serverless.UnitTests.Functions;

public sealed class TelemetryTests : IDisposable
{
    private readonly ServiceProvider services;

    public TelemetryTests()
    {
        var registrations = new ServiceCollection();
        registrations.AddTelemetry(new ConfigurationBuilder().Build());
        services = registrations.BuildServiceProvider();
    }

    public void Dispose() => services.Dispose();

    [Theory]
    [InlineData("Microsoft.AspNetCore.Hosting.Diagnostics")]
    [InlineData("Microsoft.AspNetCore.Routing.EndpointMiddleware")]
    [InlineData("Azure.Core")]
    [InlineData("Azure.Identity")]
    public void Logs_of_libraries_below_Warning_are_dropped(string category)
    {
        var log = services.GetRequiredService<ILoggerFactory>().CreateLogger(category);

        Assert.False(log.IsEnabled(LogLevel.Information));
        Assert.True(log.IsEnabled(LogLevel.Warning));
    }

    [Fact]
    public void Logs_of_the_functions_at_Information_are_kept()
    {
        var log = services.GetRequiredService<ILoggerFactory>().CreateLogger<ProblemDetailsMiddleware>();

        Assert.True(log.IsEnabled(LogLevel.Information));
    }

    [Fact]
    public void A_line_of_the_console_has_the_time_and_the_whole_message()
    {
        var console = services.GetRequiredService<IOptions<SimpleConsoleFormatterOptions>>().Value;

        Assert.True(console.SingleLine);
        Assert.Equal("HH:mm:ss ", console.TimestampFormat);
    }
}
