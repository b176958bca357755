using Microsoft.Playwright;

namespace Serverless.EndToEndTests.Page;

/// <summary>The web page in a browser tab, and its errors.</summary>
internal sealed class OpenPage : IAsyncDisposable
{
    private readonly List<string> errors = [];

    private OpenPage(IPage tab, Uri api)
    {
        Tab = tab;
        tab.Console += (_, message) => AddIf(message.Type is "error" or "warning", $"console: {message.Text}");
        tab.PageError += (_, error) => AddIf(true, $"error: {error}");
        tab.Request += (_, request) => AddIf(IsForeign(new Uri(request.Url)), $"request to {request.Url}");

        bool IsForeign(Uri url) => url is { Scheme: not ("blob" or "data") } && url.Authority != api.Authority && !IsUpload(url);

        // A data set goes to the storage emulator.
        static bool IsUpload(Uri url) => url.AbsolutePath.StartsWith("/devstoreaccount1/datasets/", StringComparison.Ordinal);
    }

    public IPage Tab { get; }

    public ILocator Article => Tab.GetByRole(AriaRole.Textbox, new() { Name = "What is this about?" });

    public ILocator Prediction => Tab.Locator("#prediction");

    public ILocator Notice => Tab.Locator("#notice");

    /// <summary>Errors and warnings of the console, errors of scripts, requests to other hosts.</summary>
    public IReadOnlyList<string> Errors
    {
        get
        {
            lock (errors)
            {
                return [.. errors];
            }
        }
    }

    public static async Task<OpenPage> OpenAsync(IPage tab, Uri api, string? classifier)
    {
        var page = new OpenPage(tab, api);
        await tab.GotoAsync(new Uri(api, classifier is null ? "ui" : $"ui?classifier={classifier}").ToString());
        return page;
    }

    public ILocator Button(string name) => Tab.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    /// <summary>Pastes an article and waits for its label.</summary>
    public async Task<string> ClassifyAsync(string article)
    {
        await Article.FillAsync(article);
        await Button("Find the topic").ClickAsync();
        return await Prediction.Locator(".top-topic b").InnerTextAsync();
    }

    /// <summary>An item of one of the lists of the page.</summary>
    public ILocator Item(string list, string text) =>
        Tab.GetByRole(AriaRole.List, new() { Name = list, Exact = true }).Locator("> li").Filter(new() { HasText = text });

    public async ValueTask DisposeAsync() => await Tab.CloseAsync();

    private void AddIf(bool isError, string text)
    {
        if (isError)
        {
            lock (errors)
            {
                errors.Add(text);
            }
        }
    }
}
