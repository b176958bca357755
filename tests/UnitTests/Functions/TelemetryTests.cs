using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
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

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a\nb\r\nc\td", "a\\nb\\r\\nc\\td")]
    [InlineData("\u001b[2J\u0000\u007f\u0085", "\\u001b[2J\\u0000\\u007f\\u0085")]
    [InlineData("\u2028\u2029\u202e\u200b\ufeff", "\\u2028\\u2029\\u202e\\u200b\\ufeff")]
    [InlineData("Zürich 語 😀", "Zürich 語 😀")]
    public void An_entry_of_the_console_is_one_line_whatever_the_id_contains(string id, string shown)
    {
        var formatter = services.GetServices<ConsoleFormatter>().Single(formatter => formatter.Name == SelectedFormatter);
        using var line = new StringWriter();

        formatter.Write(
            new LogEntry<string>(LogLevel.Warning, "Category", 3, $"Article {id}", new InvalidDataException("one\ntwo"), (state, _) => state), null, line);

        Assert.Matches($"^[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}} warn: Category\\[3\\] Article {Regex.Escape(shown)} System.IO.InvalidDataException: one\\\\ntwo\n$", line.ToString());
    }

    private string? SelectedFormatter => services.GetRequiredService<IOptions<ConsoleLoggerOptions>>().Value.FormatterName;
}
