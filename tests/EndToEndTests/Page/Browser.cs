using Microsoft.Playwright;

namespace Serverless.EndToEndTests.Page;

/// <summary>The headless Chromium of the machine. Playwright's own browsers come from a host that is not reachable everywhere.</summary>
internal sealed class Browser : IAsyncDisposable
{
    // Milliseconds. The default of five seconds can be too short when other tests use both cores.
    private const float Timeout = 60_000;

    private readonly IPlaywright playwright;
    private readonly IBrowser chromium;

    private Browser(IPlaywright playwright, IBrowser chromium)
    {
        this.playwright = playwright;
        this.chromium = chromium;
    }

    /// <summary>The path of Chromium or Chrome; null if there is none.</summary>
    public static string? Executable { get; } = Find();

    public static void SkipIfMissing() =>
        Assert.SkipWhen(
            Executable is null, "This test requires Chromium or Chrome on the PATH or in the variable CHROMIUM (Debian: apt-get install chromium).");

    public static async Task<Browser> LaunchAsync()
    {
        Assertions.SetDefaultExpectTimeout(Timeout);
        var playwright = await Playwright.CreateAsync();
        try
        {
            return new Browser(playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Executable }));
        }
        catch
        {
            playwright.Dispose();
            throw;
        }
    }

    /// <summary>A page with its own session.</summary>
    public async Task<IPage> NewPageAsync(BrowserNewPageOptions? options = null)
    {
        var page = await chromium.NewPageAsync(options);
        page.SetDefaultTimeout(Timeout);
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        await chromium.DisposeAsync();
        playwright.Dispose();
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } named)
        {
            return named;
        }

        var candidates =
            from name in new[] { "chromium", "google-chrome", "google-chrome-stable", "chromium-browser" }
            from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            select Path.Combine(folder, name);
        return candidates.FirstOrDefault(File.Exists);
    }
}
