using System.Text.Json;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Serverless.EndToEndTests.Page;

[Collection(BrowserTests.Name)]
public sealed class AccessibilityTests(BrowserFixture browser)
{
    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task Axe_finds_no_violations(ColorScheme colours, int width)
    {
        await using var page = await browser.OpenAsync(
            options: new() { ColorScheme = colours, ReducedMotion = ReducedMotion.Reduce, ViewportSize = new() { Width = width, Height = 800 } });
        await browser.CopyStarterAsync($"other-{width}");
        await page.ClassifyAsync("The bank raised its profit forecast after interest rates rose for a third quarter.");
        await Expect(page.Item("Versions", $"other-{width}").GetByText("Promote")).ToBeVisibleAsync();

        var found = await page.Tab.RunAxe();

        Assert.Empty(found.Violations.Select(Describe));
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task The_page_fits_a_phone_without_horizontal_scrolling()
    {
        await using var page = await browser.OpenAsync(options: new() { ViewportSize = new() { Width = 320, Height = 640 } });
        await browser.App.SendAsync(JsonSerializer.Serialize(new { id = new string('w', 300), text = "Rovers win the cup final." }));
        await Expect(page.Item("Recent results", new string('w', 300))).ToBeVisibleAsync();
        await Expect(page.Item("Versions", "starter")).ToBeVisibleAsync();

        var width = await page.Tab.EvaluateAsync<int>("document.documentElement.scrollWidth");

        Assert.Equal(320, width);
    }

    [Fact]
    public async Task Transitions_are_off_with_reduced_motion()
    {
        await using var page = await browser.OpenAsync(options: new() { ReducedMotion = ReducedMotion.Reduce });
        await page.ClassifyAsync("Rovers win the cup final.");

        var transition = await page.Prediction.Locator(".track i").First.EvaluateAsync<string>("bar => getComputedStyle(bar).transitionDuration");

        Assert.Equal("0s", transition);
    }

    private static string Describe(AxeResultItem violation) =>
        $"{violation.Id}: {violation.Help} ({string.Join(", ", violation.Nodes.Select(node => node.Html))})";
}
