using Microsoft.Playwright;

namespace Serverless.EndToEndTests.Page;

/// <summary>A running system and a browser, for all tests that share them. Where there is no browser neither is started.</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    private Browser? browser;

    public RunningSystem System { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (Browser.Program is not null)
        {
            System = await RunningSystem.StartAsync();
            browser = await Browser.LaunchAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
        {
            await browser.DisposeAsync();
        }

        if (System is not null)
        {
            await System.DisposeAsync();
        }
    }

    /// <summary>The page, ready; skips the test where there is no browser.</summary>
    internal async Task<OpenPage> OpenAsync(string? classifier = null, BrowserNewPageOptions? options = null)
    {
        Browser.SkipWithout();
        return await OpenPage.OpenAsync(await browser!.NewPageAsync(options), System.Http.BaseAddress!, classifier);
    }
}

[CollectionDefinition(Name)]
public sealed class BrowserTests : ICollectionFixture<BrowserFixture>
{
    public const string Name = "browser";
}
