using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Serverless.InfraTests.Workflow;

public sealed partial class WorkflowTests
{
    private readonly YamlMappingNode workflow = YamlFile.Read(".github/workflows/ci.yml");

    [Fact]
    public void It_runs_the_one_test_command() => Assert.Contains("./tests/run.sh", Commands("test"));

    [Fact]
    public void It_builds_every_Dockerfile()
    {
        var images = ((YamlSequenceNode)Job("images")["strategy"]["matrix"]["image"]).Select(each => each.ToString());

        Assert.Equal(
            Directory.EnumerateFiles(Repository.PathOf("infra/containers"), "*.Dockerfile").Select(file => Path.GetFileName(file).Split('.')[0]).Order(),
            images.Order());
    }

    [Fact]
    public void It_audits_the_dependencies() => Assert.Contains("dotnet restore Serverless.sln -p:AuditPackages=true", Commands("dependencies"));

    [Fact]
    public void Every_script_that_it_calls_is_there_and_can_be_run()
    {
        var scripts = (from job in new[] { "test", "dependencies", "images" }
                       from command in Commands(job)
                       from match in ScriptPath().Matches(command)
                       select match.Value).ToList();

        Assert.NotEmpty(scripts);
        Assert.All(scripts, script => Assert.True(File.GetUnixFileMode(Repository.PathOf(script)).HasFlag(UnixFileMode.UserExecute), script));
    }

    [Fact]
    public void It_may_read_the_repository_and_nothing_else()
    {
        var permission = Assert.Single(((YamlMappingNode)workflow["permissions"]).Children);

        Assert.Equal(("contents", "read"), (permission.Key.ToString(), permission.Value.ToString()));
    }

    [Fact]
    public void Every_job_ends() => Assert.All(
        ((YamlMappingNode)workflow["jobs"]).Children.Values,
        job => Assert.InRange(int.Parse(job["timeout-minutes"].ToString(), null), 1, 60));

    private IEnumerable<string> Commands(string job) =>
        ((YamlSequenceNode)Job(job)["steps"]).Cast<YamlMappingNode>()
            .Where(step => step.Children.ContainsKey("run")).Select(step => step["run"].ToString());

    private YamlMappingNode Job(string name) => (YamlMappingNode)workflow["jobs"][name];

    [GeneratedRegex(@"(?<![\w/-])\./[\w./-]+\.sh")]
    private static partial Regex ScriptPath();
}
