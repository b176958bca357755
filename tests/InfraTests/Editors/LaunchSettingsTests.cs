using System.Text.Json.Nodes;

namespace Serverless.InfraTests.Editors;

public sealed class LaunchSettingsTests
{
    [Theory]
    [InlineData("infra/local")]
    [InlineData("trainer")]
    public async Task Every_profile_is_a_command_that_the_program_has(string project)
    {
        var program = project == "trainer" ? Repository.Trainer : Repository.LocalSystem;
        var profiles = JsonNode.Parse(Repository.Read($"{project}/Properties/launchSettings.json"))!["profiles"]!.AsObject();

        foreach (var (_, profile) in profiles)
        {
            var run = await RunningProgram.RunToEndAsync(
                "bash", ["-c", $"dotnet '{program}' {profile!["commandLineArgs"]} --help"], TestContext.Current.CancellationToken);

            Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        }
    }
}
