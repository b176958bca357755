using Microsoft.Playwright;

namespace Serverless.EndToEndTests.Page;

/// <summary>The page in a tab, and what went wrong in it: nothing should.</summary>
internal sealed class OpenPage : IAsyncDisposable
{
    private readonly List<string> complaints = [];

    private OpenPage(IPage tab, Uri api)
    {
        Tab = tab;
        tab.Console += (_, message) => Complain(message.Type is "error" or "warning", $"console: {message.Text}");
        tab.PageError += (_, error) => Complain(true, $"error: {error}");
        tab.Request += (_, request) => Complain(
            new Uri(request.Url) is { Scheme: not ("blob" or "data") } url && url.Authority != api.Authority, $"request to {request.Url}");
    }

    public IPage Tab { get; }

    public ILocator Article => Tab.GetByRole(AriaRole.Textbox, new() { Name = "What is this about?" });

    public ILocator Answer => Tab.Locator("#answer");

    public ILocator Notice => Tab.Locator("#notice");

    /// <summary>Errors and warnings of the console, errors of scripts, requests to other hosts.</summary>
    public IReadOnlyList<string> Complaints
    {
        get
        {
            lock (complaints)
            {
                return [.. complaints];
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
        return await Answer.Locator(".verdict b").InnerTextAsync();
    }

    /// <summary>One of the lists of the page.</summary>
    public ILocator Item(string list, string text) => Tab.GetByRole(AriaRole.List, new() { Name = list, Exact = true }).Locator("> li").Filter(new() { HasText = text });

    public async ValueTask DisposeAsync() => await Tab.CloseAsync();

    private void Complain(bool really, string text)
    {
        if (really)
        {
            lock (complaints)
            {
                complaints.Add(text);
            }
        }
    }
}
