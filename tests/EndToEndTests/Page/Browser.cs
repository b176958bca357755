using Microsoft.Playwright;

namespace Serverless.EndToEndTests.Page;

/// <summary>Headless Chromium, the machine's own: Playwright would download its browsers from a host that cannot be reached everywhere.</summary>
internal sealed class Browser : IAsyncDisposable
{
    // Milliseconds. Two cores may be busy with other tests: five seconds, the default, can be too short.
    private const float Patience = 60_000;

    private readonly IPlaywright playwright;
    private readonly IBrowser chromium;

    private Browser(IPlaywright playwright, IBrowser chromium) => (this.playwright, this.chromium) = (playwright, chromium);

    /// <summary>Null where there is none.</summary>
    public static string? Program { get; } = Find();

    public static void SkipWithout() =>
        Assert.SkipWhen(Program is null, "This needs Chromium or Chrome on the PATH, or the variable CHROMIUM to name it (Debian: apt-get install chromium).");

    public static async Task<Browser> LaunchAsync()
    {
        Assertions.SetDefaultExpectTimeout(Patience);
        var playwright = await Playwright.CreateAsync();
        try
        {
            return new Browser(playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Program }));
        }
        catch
        {
            playwright.Dispose();
            throw;
        }
    }

    /// <summary>A page with a session of its own.</summary>
    public async Task<IPage> NewPageAsync(BrowserNewPageOptions? options = null)
    {
        var page = await chromium.NewPageAsync(options);
        page.SetDefaultTimeout(Patience);
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

        var places =
            from name in new[] { "chromium", "google-chrome", "google-chrome-stable", "chromium-browser" }
            from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            select Path.Combine(folder, name);
        return places.FirstOrDefault(File.Exists);
    }
}
