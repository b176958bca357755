using System.Text.RegularExpressions;

namespace Serverless.EndToEndTests.Documentation;

public sealed partial class ExamplesTests
{
    public static TheoryData<string> Pages => [.. new[] { "README.md" }.Concat(
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md").Select(file => Path.GetRelativePath(Repository.Root, file)))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_block_of_csharp_is_a_region_that_is_compiled(string page)
    {
        var regions = Region().Matches(Source()).Select(region => Unindented(region.Groups[1].Value)).ToArray();

        var blocks = Block().Matches(File.ReadAllText(Path.Combine(Repository.Root, page))).Select(block => block.Groups[1].Value.Trim());

        Assert.All(blocks, block => Assert.Contains(block, regions));
    }

    [Fact]
    public void Every_region_is_shown_in_the_readme()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));

        Assert.All(Region().Matches(Source()), region => Assert.Contains(Unindented(region.Groups[1].Value), readme, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_message_of_the_queue_example_becomes_a_result()
    {
        await using var system = await RunningSystem.StartAsync();

        await Examples.SendToQueueAsync(system.ConnectionString);

        Assert.Equal("Sports", (await system.ResultAsync("match-2")).Label);
    }

    private static string Source() => File.ReadAllText(Path.Combine(Repository.Root, "tests/EndToEndTests/Documentation/Examples.cs"));

    private static string Unindented(string code) => string.Join('\n', code.Trim().Split('\n').Select(line => line.Trim()));

    [GeneratedRegex(@"#region \S+\n(.*?)#endregion", RegexOptions.Singleline)]
    private static partial Regex Region();

    [GeneratedRegex(@"```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
