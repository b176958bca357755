using Microsoft.Playwright;
using Serverless.Models;
using Serverless.Training;

namespace Serverless.EndToEndTests.Page;

/// <summary>A running system and a browser, shared by tests. Without a browser the system is not started either.</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    private Browser? browser;

    public RunningSystem App { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (Browser.Executable is not null)
        {
            App = await RunningSystem.StartAsync();
            browser = await Browser.LaunchAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
        {
            await browser.DisposeAsync();
        }

        if (App is not null)
        {
            await App.DisposeAsync();
        }
    }

    /// <summary>Opens the page; skips the test if there is no browser.</summary>
    internal async Task<OpenPage> OpenAsync(string? classifier = null, BrowserNewPageOptions? options = null)
    {
        var tab = await NewTabAsync(options);
        return await OpenPage.OpenAsync(tab, App.Http.BaseAddress!, classifier);
    }

    /// <summary>An empty tab, for tests that intercept requests of the page.</summary>
    internal Task<IPage> NewTabAsync(BrowserNewPageOptions? options = null)
    {
        Browser.SkipIfMissing();
        return browser!.NewPageAsync(options);
    }

    /// <summary>Adds a version of "news" without a training.</summary>
    internal async Task CopyStarterAsync(string version)
    {
        var cache = Directory.CreateTempSubdirectory("serverless-").FullName;
        try
        {
            var registry = new ModelRegistry(App.Storage, new TrainingRuns(App.Storage), cache, TimeProvider.System);
            var starter = await registry.Versions.DownloadAsync("news", "starter", null, TestContext.Current.CancellationToken);
            await registry.Versions.UploadAsync("news", version, starter.Folder, starter.Manifest.BaseModel, null, null, TestContext.Current.CancellationToken);
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
