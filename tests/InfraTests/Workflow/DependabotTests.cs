using YamlDotNet.RepresentationModel;

namespace Serverless.InfraTests.Workflow;

/// <summary>The folders that Dependabot watches.</summary>
public sealed class DependabotTests
{
    private readonly IReadOnlyList<YamlMappingNode> updates =
        [.. ((YamlSequenceNode)YamlFile.Read(".github/dependabot.yml")["updates"]).Cast<YamlMappingNode>()];

    [Fact]
    public void Every_watched_folder_is_there() => Assert.All(
        updates.SelectMany(Folders), folder => Assert.True(Directory.Exists(Repository.PathOf(folder.TrimStart('/'))), folder));

    [Theory]
    [InlineData("npm", "*package-lock.json")]
    [InlineData("docker", "*Dockerfile")]
    public async Task Every_folder_with_such_a_file_is_watched(string ecosystem, string files)
    {
        var list = await RunningProgram.RunToEndAsync("git", ["ls-files", files], TestContext.Current.CancellationToken);
        var folders = list.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(file => "/" + Path.GetDirectoryName(file)).Distinct();

        Assert.Equal(folders.Order(), updates.Where(update => update["package-ecosystem"].ToString() == ecosystem).SelectMany(Folders).Order());
    }

    private static IEnumerable<string> Folders(YamlMappingNode update) => update.Children.TryGetValue("directories", out var several)
        ? ((YamlSequenceNode)several).Select(each => each.ToString())
        : [update["directory"].ToString()];
}
