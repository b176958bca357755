using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Serverless.EndToEndTests.Page;

[Collection(BrowserTests.Name)]
public sealed class ReviewTests(BrowserFixture browser)
{
    // Of no topic or of several, so that any model is unsure of most of them.
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
    public async Task An_unsure_article_waits_and_leaves_with_the_label_that_a_person_chooses()
    {
        await using var page = await browser.OpenAsync();
        foreach (var text in Vague)
        {
            await browser.System.SendAsync(JsonSerializer.Serialize(new { id = $"unsure: {text}", text }));
        }

        var waiting = page.Item("Articles waiting for a label", "unsure: ");
        await Expect(waiting.Nth(1)).ToBeVisibleAsync();
        var id = await waiting.First.GetByRole(AriaRole.Heading).InnerTextAsync();
        var label = (await waiting.First.GetByRole(AriaRole.Button).First.TextContentAsync())!.Split(' ')[0];
        await waiting.First.GetByRole(AriaRole.Button).First.PressAsync("Enter");
        await Expect(page.Notice).ToHaveTextAsync($"“{id}” is {label}.");
        var focused = await page.Tab.EvaluateAsync<string>("document.activeElement.closest('li').textContent");

        await Expect(page.Item("Articles waiting for a label", id)).ToHaveCountAsync(0);
        Assert.Contains("unsure: ", focused, StringComparison.Ordinal);
        Assert.Empty(page.Complaints);
    }
}
