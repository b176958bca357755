using Microsoft.Playwright;
using Serverless.Models;

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
        var tab = await NewTabAsync(options);
        return await OpenPage.OpenAsync(tab, System.Http.BaseAddress!, classifier);
    }

    /// <summary>A tab that shows nothing yet, for tests that stand between the page and the functions.</summary>
    internal Task<IPage> NewTabAsync(BrowserNewPageOptions? options = null)
    {
        Browser.SkipWithout();
        return browser!.NewPageAsync(options);
    }

    /// <summary>A second version of "news" without a training.</summary>
    internal async Task CopyStarterAsync(string version)
    {
        var cache = Directory.CreateTempSubdirectory("serverless-").FullName;
        try
        {
            var registry = new ModelRegistry(System.Storage, cache, TimeProvider.System);
            var starter = await registry.DownloadVersionAsync("news", "starter", null, TestContext.Current.CancellationToken);
            await registry.UploadVersionAsync("news", version, starter.Folder, starter.Manifest.BaseModel, null, null, TestContext.Current.CancellationToken);
        }
        finally
        {
            Directory.Delete(cache, recursive: true);
        }
    }
}

[CollectionDefinition(Name)]
public sealed class BrowserTests : ICollectionFixture<BrowserFixture>
{
    public const string Name = "browser";
}
