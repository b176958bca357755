using System.Text.RegularExpressions;

namespace Serverless.InfraTests;

public sealed partial class DocumentationTests
{
    public static TheoryData<string> Pages => [.. new[] { "README.md", "CONTRIBUTING.md", "SECURITY.md", "BENCHMARKS.md", "RELIABILITY.md", "infra/azure/README.md" }
        .Concat(Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md").Select(file => Path.GetRelativePath(Repository.Root, file)))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_to_a_file_or_a_heading_leads_somewhere(string page)
    {
        var folder = Path.GetDirectoryName(Repository.PathOf(page))!;
        var links = Link().Matches(Repository.Read(page)).Select(link => link.Groups[1].Value).Where(link => !link.Contains("://", StringComparison.Ordinal));

        Assert.All(links, link =>
        {
            var (file, heading) = (link.Split('#')[0], link.Split('#').ElementAtOrDefault(1));
            var target = file.Length == 0 ? Repository.PathOf(page) : Path.Combine(folder, file);
            Assert.True(File.Exists(target) || Directory.Exists(target), $"{page} links to {link}, which does not exist.");
            Assert.True(heading is null || Headings(target).Contains(heading), $"{page} links to {link}, which has no such heading.");
        });
    }

    [Fact]
    public void Every_path_in_architecture_md_exists()
    {
        var paths = CodePath().Matches(Repository.Read("docs/architecture.md")).Select(path => path.Groups[1].Value);

        Assert.All(paths, path => Assert.True(File.Exists(Repository.PathOf(path)) || Directory.Exists(Repository.PathOf(path)), path));
    }

    [Fact]
    public void The_readme_has_at_most_a_hundred_lines() => Assert.InRange(Repository.Read("README.md").TrimEnd().Split('\n').Length, 1, 100);

    /// <summary>The anchors that GitHub gives to the headings of a page.</summary>
    private static IEnumerable<string> Headings(string page) =>
        from heading in Heading().Matches(File.ReadAllText(page))
        select string.Concat(heading.Groups[1].Value.ToLowerInvariant().Where(letter => char.IsLetterOrDigit(letter) || letter is ' ' or '-' or '_')).Replace(' ', '-');

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"`((?:shared|functions|trainer|infra|tests)/[\w/.-]+)`")]
    private static partial Regex CodePath();
}
