using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.InfraTests.Bicep;

public sealed class FunctionsAppTests(DefaultDeployment fixture, OtherDeployment other)
{
    private const string App = "Microsoft.App/containerApps";

    private readonly JsonObject app = fixture.Deployment.The(App);
    private readonly IReadOnlyDictionary<string, string> settings = fixture.Deployment.Settings(App);

    [Theory]
    [InlineData("Storage")]
    [InlineData("AzureWebJobsStorage")]
    public void Both_connections_name_all_three_services_and_an_identity(string connection)
    {
        Assert.All(["blobServiceUri", "queueServiceUri", "tableServiceUri", "clientId"], part => Assert.NotEmpty(settings[$"{connection}__{part}"]));
        Assert.Equal("managedidentity", settings[$"{connection}__credential"]);
        Assert.DoesNotContain(connection, settings.Keys);
    }

    [Fact]
    public void The_connection_of_the_triggers_is_the_one_that_is_set() => Assert.Contains($"{StorageNames.Connection}__queueServiceUri", settings.Keys);

    [Theory]
    [InlineData("Classifier__Base", "serverless/starter")]
    [InlineData("Classifier__Default", "news")]
    [InlineData("Classifier__CacheFolder", "/cache")]
    [InlineData("FUNCTIONS_WORKER_RUNTIME", "dotnet-isolated")]
    [InlineData("FUNCTIONS_WORKER_PROCESS_COUNT", "1")]
    [InlineData("FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING", "true")]
    [InlineData("AzureWebJobsSecretStorageType", "ContainerApps")]
    [InlineData("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "3000000")]
    [InlineData("AzureWebJobsDisableHomepage", "true")]
    [InlineData("OTEL_SERVICE_NAME", "ca-articles-functions")]
    [InlineData("Starter__Publish", "true")]
    public void A_setting_has_this_value(string name, string value) => Assert.Equal(value, settings[name]);

    [Fact]
    public void Every_setting_of_the_classifier_is_set_and_no_other()
    {
        // ReviewThresholds has one setting per classifier, and none by default.
        var expected = typeof(ClassifierOptions).GetProperties()
            .Select(property => property.GetCustomAttribute<ConfigurationKeyNameAttribute>()?.Name ?? property.Name)
            .Where(name => name != nameof(ClassifierOptions.ReviewThresholds))
            .Select(name => $"Classifier__{name}").Append("Classifier__TorchThreads");

        Assert.Equal(expected.Order(), settings.Keys.Where(name => name.StartsWith("Classifier__", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public void A_classifier_may_have_a_threshold_of_its_own()
    {
        Assert.Equal("0.8", other.Deployment.Settings(App)["Classifier__ReviewThresholds__desk"]);
        Assert.True(Read(other.Deployment.Settings(App)).NeedsReview("desk", 0.7));
        Assert.False(Read(other.Deployment.Settings(App)).NeedsReview("news", 0.7));
    }

    [Fact]
    public void The_code_accepts_the_settings_of_the_classifier()
    {
        var options = Read(settings);

        Assert.Equal("serverless/starter", options.Base);
        Assert.True((int)Template["terminationGracePeriodSeconds"]! > options.LoadWait.TotalSeconds);
    }

    [Fact]
    public void Every_setting_that_the_code_reads_by_name_is_set() =>
        Assert.All(SettingsRead.By("shared", "functions"), name => Assert.Contains(name, settings.Keys));

    [Fact]
    public void Torch_leaves_a_core_to_the_host() =>
        Assert.Equal((double)Container["resources"]!["cpu"]! - 1, double.Parse(settings["Classifier__TorchThreads"], null));

    [Fact]
    public void The_host_id_is_fixed_and_short_enough()
    {
        Assert.InRange(settings["AzureFunctionsWebHost__hostid"].Length, 1, 32);
        Assert.Matches("^[a-z0-9-]+$", settings["AzureFunctionsWebHost__hostid"]);
    }

    [Fact]
    public void Telemetry_goes_out_with_the_identity() =>
        Assert.Contains("Authorization=AAD;ClientId=", settings["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]);

    [Fact]
    public void No_setting_carries_a_secret()
    {
        Assert.All(settings.Values, value => Assert.DoesNotContain("-key", value));
        Assert.All(Container["env"]!.AsArray(), each => Assert.Null(each!["secretRef"]));
    }

    [Fact]
    public void The_keys_are_mounted_where_the_host_reads_them()
    {
        var volume = Template["volumes"]!.AsArray().Single(each => (string)each!["storageType"]! == "Secret")!;
        var mount = Container["volumeMounts"]!.AsArray().Single(each => (string)each!["volumeName"]! == (string)volume["name"]!)!;
        var secrets = app["properties"]!["configuration"]!["secrets"]!.AsArray();

        Assert.Equal("/run/secrets/functions-keys", (string)mount["mountPath"]!);
        Assert.Equal(
            ["host.master", "host.systemKey.blobs_extension"],
            volume["secrets"]!.AsArray().Select(each => (string)each!["path"]!).Where(path => path.StartsWith("host.", StringComparison.Ordinal)).Order());
        Assert.Equal(4, secrets.Select(each => (string)each!["value"]!).Distinct().Count());
        Assert.All(secrets, each => Assert.Matches("^[a-z0-9-]+$", (string)each!["name"]!));
    }

    [Fact]
    public void Each_function_has_the_keys_of_those_who_may_call_it_and_no_key_opens_all()
    {
        var files = Template["volumes"]!.AsArray().Single(each => (string)each!["storageType"]! == "Secret")!["secrets"]!.AsArray()
            .Select(each => ((string)each!["path"]!, (string)each["secretRef"]!)).Where(file => !file.Item1.StartsWith("host.", StringComparison.Ordinal));
        var expected = FunctionApp.HttpFunctions.Where(each => each.Level != "Anonymous").SelectMany(each => Files(each.Name.ToLowerInvariant(), each.Level));

        Assert.Equal(expected.Order(), files.Order());

        static IEnumerable<(string, string)> Files(string function, string level) => level == "Operator"
            ? [($"functions.{function}.operators", "operators")]
            : [($"functions.{function}.default", "host-function-default"), ($"functions.{function}.operators", "operators")];
    }

    [Fact]
    public void The_limits_of_our_own_requests_are_below_that_of_the_host()
    {
        var limit = int.Parse(settings["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"], null);

        Assert.All([ArticleLimits.RequestBytes, ArticleLimits.DatasetBytes], ours => Assert.InRange(ours, 1, limit - (512 * 1024)));
        Assert.Contains($"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT={limit}", Repository.Read("infra/containers/functions.Dockerfile"));
        Assert.Contains($"[\"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT\"] = \"{limit}\"", Repository.Read("infra/local/Processes/ProgramSettings.cs"));
    }

    [Fact]
    public void The_host_does_not_export_the_console_of_the_worker_a_second_time()
    {
        var logging = JsonNode.Parse(Repository.Read("host.json"))!["logging"]!;

        Assert.Equal("Warning", (string)logging["logLevel"]!["Azure"]!);
        Assert.Equal("None", (string)logging["OpenTelemetry"]!["logLevel"]!["Host.Function.Console"]!);
    }

    [Fact]
    public void The_scaler_reads_the_queue_of_the_articles_with_the_identity_of_the_app()
    {
        var rule = Scale["rules"]!.AsArray().Select(each => each!["custom"]).Single(each => each is not null)!;

        Assert.Equal("azure-queue", (string)rule["type"]!);
        Assert.Equal(StorageNames.ArticlesQueue, (string)rule["metadata"]!["queueName"]!);
        Assert.Equal("all", (string)rule["metadata"]!["queueLengthStrategy"]!);
        Assert.Contains("identities", (string)rule["identity"]!);
        Assert.Null(rule["auth"]);
        Assert.DoesNotContain("sth", (string)rule["metadata"]!["accountName"]!);
    }

    [Fact]
    public void The_scaler_waits_for_more_than_one_replica_takes_at_once()
    {
        var host = JsonNode.Parse(Repository.Read("host.json"), documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip })!;
        var queues = host["extensions"]!["queues"]!;
        var rule = Scale["rules"]!.AsArray().Select(each => each!["custom"]).Single(each => each is not null)!;

        Assert.True(
            int.Parse((string)rule["metadata"]!["queueLength"]!, null) > (int)queues["batchSize"]! + (int)queues["newBatchThreshold"]!);
    }

    [Fact]
    public void Probes_ask_for_health_once_the_app_listens_within_the_limits_of_the_platform()
    {
        var probes = Container["probes"]!.AsArray();

        Assert.Equal(["Liveness", "Readiness", "Startup"], probes.Select(each => (string)each!["type"]!).Order());
        Assert.All(probes, probe =>
        {
            var starting = (string)probe!["type"]! == "Startup";
            Assert.Equal(starting ? null : "/api/health", (string?)probe["httpGet"]?["path"]);
            Assert.Equal((int)app["properties"]!["configuration"]!["ingress"]!["targetPort"]!, (int)probe[starting ? "tcpSocket" : "httpGet"]!["port"]!);
            Assert.InRange((int)probe["failureThreshold"]!, 1, 10);
            Assert.InRange((int)probe["periodSeconds"]!, 1, 240);
        });
    }

    [Fact]
    public void The_port_is_one_that_a_plain_user_may_open()
    {
        var port = (int)app["properties"]!["configuration"]!["ingress"]!["targetPort"]!;

        Assert.InRange(port, 1025, 65535);
        Assert.EndsWith($":{port}", settings["ASPNETCORE_URLS"]);
    }

    [Fact]
    public void By_default_it_scales_to_zero_and_has_a_bound()
    {
        Assert.Equal(0, (int)Scale["minReplicas"]!);
        Assert.Equal(10, (int)Scale["maxReplicas"]!);
        Assert.Null(app["kind"]);
    }

    [Fact]
    public void Kind_functionapp_has_no_rules_and_keeps_a_replica()
    {
        var scale = other.Deployment.The(App)["properties"]!["template"]!["scale"]!;

        Assert.Equal("functionapp", (string)other.Deployment.The(App)["kind"]!);
        Assert.Null(scale["rules"]);
        Assert.Equal(1, (int)scale["minReplicas"]!);
    }

    [Fact]
    public void A_small_replica_has_two_GiB_for_its_processor_and_still_a_thread_for_torch()
    {
        var resources = other.Deployment.The(App)["properties"]!["template"]!["containers"]![0]!["resources"]!;

        Assert.Equal((1, "2Gi"), ((int)resources["cpu"]!, (string)resources["memory"]!));
        Assert.Equal("1", other.Deployment.Settings(App)["Classifier__TorchThreads"]);
    }

    [Fact]
    public void A_dedicated_profile_is_created_for_the_app()
    {
        var profiles = other.Deployment.The("Microsoft.App/managedEnvironments")["properties"]!["workloadProfiles"]!.AsArray();

        Assert.Equal("D4", (string)other.Deployment.The(App)["properties"]!["workloadProfileName"]!);
        Assert.Contains("D4", profiles.Select(each => (string)each!["workloadProfileType"]!));
        Assert.Equal("Consumption", (string)app["properties"]!["workloadProfileName"]!);
    }

    private static ClassifierOptions Read(IReadOnlyDictionary<string, string> settings) => ClassifierOptions.Read(new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(each => KeyValuePair.Create(each.Key.Replace("__", ":", StringComparison.Ordinal), (string?)each.Value)))
        .Build());

    private JsonNode Template => app["properties"]!["template"]!;

    private JsonNode Container => Template["containers"]![0]!;

    private JsonNode Scale => Template["scale"]!;
}
