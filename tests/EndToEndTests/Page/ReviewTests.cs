using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Serverless.EndToEndTests.Page;

[Collection(BrowserTests.Name)]
public sealed class ReviewTests(BrowserFixture browser)
{
    // Without a topic or with several, so that any model gives most of them a low score.
    private static readonly string[] Vague =
    [
        "It is what it is, more or less.",
        "Hm.",
        "Minister opens football museum with robot guides; bank pays.",
        "Court in Geneva hears software firm, football league and ministry quarrel over broadcast satellites and money.",
        "Nothing to add.",
        "The chip in the ball, the bank on the shirt, the president in the stand.",
    ];

    [Fact]
    public async Task A_label_removes_the_article_and_moves_the_focus_to_the_next_one()
    {
        await using var page = await browser.OpenAsync();
        foreach (var text in Vague)
        {
            await browser.App.SendAsync(JsonSerializer.Serialize(new { id = $"unsure: {text}", text }));
        }

        var waiting = page.Item("Articles waiting for a label", "unsure: ");
        await Expect(waiting.Nth(1)).ToBeVisibleAsync();
        var id = await waiting.First.GetByRole(AriaRole.Heading).InnerTextAsync();
        var label = (await waiting.First.GetByRole(AriaRole.Button).First.TextContentAsync())!.Split(' ')[0];
        await waiting.First.GetByRole(AriaRole.Button).First.PressAsync("Enter");
        await Expect(page.Notice).ToHaveTextAsync($"“{id}” is labelled {label}.");
        var focused = await page.Tab.EvaluateAsync<string>("document.activeElement.closest('li').textContent");

        await Expect(page.Item("Articles waiting for a label", id)).ToHaveCountAsync(0);
        Assert.Contains("unsure: ", focused, StringComparison.Ordinal);
        Assert.Empty(page.Errors);
    }
}
