using System.Text.Json.Nodes;
using Serverless.Storage;

namespace Serverless.InfraTests.Bicep;

public sealed class TrainerJobTests(DefaultDeployment fixture, OtherDeployment other)
{
    private const string Job = "Microsoft.App/jobs";

    private readonly JsonNode properties = fixture.Deployment.The(Job)["properties"]!;
    private readonly IReadOnlyDictionary<string, string> settings = fixture.Deployment.Settings(Job);

    [Fact]
    public void It_starts_for_each_training_request_and_never_twice_at_once()
    {
        var trigger = properties["configuration"]!["eventTriggerConfig"]!;
        var rule = Assert.Single(trigger["scale"]!["rules"]!.AsArray())!;

        Assert.Equal("Event", (string)properties["configuration"]!["triggerType"]!);
        Assert.Equal(1, (int)trigger["scale"]!["maxExecutions"]!);
        Assert.Equal(0, (int)trigger["scale"]!["minExecutions"]!);
        Assert.Equal(1, (int)trigger["parallelism"]!);
        Assert.Equal(StorageNames.TrainingRequestsQueue, (string)rule["metadata"]!["queueName"]!);
        Assert.Equal("1", (string)rule["metadata"]!["queueLength"]!);
        Assert.Contains("identities", (string)rule["identity"]!);
        Assert.Null(rule["auth"]);
    }

    [Fact]
    public void It_has_longer_than_the_published_recipe_took_on_a_T4() =>
        Assert.True((int)properties["configuration"]!["replicaTimeout"]! > 2 * 5922);

    [Fact]
    public void A_failed_training_is_tried_again_by_the_queue_and_not_by_the_platform() =>
        Assert.Equal(0, (int)properties["configuration"]!["replicaRetryLimit"]!);

    [Fact]
    public void It_runs_the_command_that_takes_one_request()
    {
        var container = Assert.Single(properties["template"]!["containers"]!.AsArray())!;

        Assert.Equal(["run"], container["args"]!.AsArray().Select(each => (string)each!));
        Assert.Null(container["command"]);
    }

    [Theory]
    [InlineData("gpu", "gpu-t4", 8, "56Gi")]
    [InlineData("cpu", "Consumption", 4, "8Gi")]
    public void It_trains_on_the_chosen_profile(string where, string profile, int cpu, string memory)
    {
        var deployment = where == "gpu" ? fixture.Deployment : other.Deployment;
        var job = deployment.The(Job)["properties"]!;
        var resources = job["template"]!["containers"]![0]!["resources"]!;
        var profiles = deployment.The("Microsoft.App/managedEnvironments")["properties"]!["workloadProfiles"]!.AsArray();

        Assert.Equal(profile, (string)job["workloadProfileName"]!);
        Assert.Contains(profile, profiles.Select(each => (string)each!["name"]!));
        Assert.Equal((cpu, memory), ((int)resources["cpu"]!, (string)resources["memory"]!));
        Assert.Null(resources["gpu"]);
        Assert.Equal(where == "gpu", profiles.Any(each => (string)each!["workloadProfileType"]! == "Consumption-GPU-NC8as-T4"));
    }

    [Fact]
    public void It_reads_the_same_storage_and_base_as_the_functions()
    {
        var functions = fixture.Deployment.Settings("Microsoft.App/containerApps");

        Assert.All(
            ["Storage__blobServiceUri", "Storage__queueServiceUri", "Storage__tableServiceUri"],
            name => Assert.Equal(Output(functions[name]), Output(settings[name])));
        Assert.Equal(functions["Classifier__Base"], settings["Classifier__Base"]);
        Assert.Equal("managedidentity", settings["Storage__credential"]);
        Assert.NotEqual(Output(functions["Storage__clientId"]), Output(settings["Storage__clientId"]));
    }

    // The job never downloads from the Hugging Face hub: those two settings are for the command at a terminal.
    [Fact]
    public void Every_setting_that_the_code_reads_by_name_is_set() =>
        Assert.All(SettingsRead.By("shared", "trainer").Except(["HF_ENDPOINT", "HF_TOKEN"]), name => Assert.Contains(name, settings.Keys));

    // The expression of an output differs in each module that uses it, so its name is compared.
    private static string Output(string expression) => expression[expression.IndexOf(".outputs.", StringComparison.Ordinal)..];
}
