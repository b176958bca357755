namespace Serverless.InfraTests.Scripts;

/// <summary>The whole deployment, with a fake Azure CLI.</summary>
public sealed class DeploymentRunTests
{
    private static readonly string[] Grants = ["functions\t1111\tStorage Queue Data Contributor\t/queues/articles"];
    private static readonly string[] Assignments = ["1111\tStorage Queue Data Contributor\t/queues/articles"];

    [Fact]
    public async Task Programs_are_deployed_after_their_images_and_events_after_the_programs()
    {
        using var azure = new FakeAzure(Grants, Assignments);
        azure.Environment["SERVERLESS_IMAGE_TAG"] = "7";
        azure.Environment["SERVERLESS_SUBSCRIBE"] = "true";

        var run = await azure.DeployAsync();

        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Equal(["image '', events false", "image '7', events false", "image '7', events true"], azure.Deployments);
    }

    [Theory]
    [InlineData("", "1", 0)]
    [InlineData("1", "2", 0)]
    [InlineData("1", "1", 1)]
    [InlineData("", "", 1)]
    public async Task It_succeeds_only_if_its_own_training_changed_the_pointer(string pointer, string trained, int exitCode)
    {
        using var azure = new FakeAzure(Grants, Assignments, pointer, trained);

        var run = await azure.DeployAsync();

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Equal(exitCode == 0, run.Output.Contains("== Sending a first article", StringComparison.Ordinal));
    }
}
