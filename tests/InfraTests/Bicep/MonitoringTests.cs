using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Serverless.Training;

namespace Serverless.InfraTests.Bicep;

public sealed partial class MonitoringTests(DefaultDeployment fixture, OtherDeployment other)
{
    private readonly Deployment deployment = fixture.Deployment;

    [Fact]
    public void Logs_reach_the_workspace_without_its_key()
    {
        var logs = deployment.The("Microsoft.App/managedEnvironments")["properties"]!["appLogsConfiguration"]!;
        var setting = deployment.The("Microsoft.Insights/diagnosticSettings")["properties"]!;

        Assert.Equal("azure-monitor", (string)logs["destination"]!);
        Assert.Null(logs["logAnalyticsConfiguration"]);
        Assert.EndsWith("/workspaces/log-articles", (string)setting["workspaceId"]!);
        Assert.Equal(
            ["ContainerAppConsoleLogs", "ContainerAppSystemLogs"],
            setting["logs"]!.AsArray().Select(each => (string)each!["category"]!));
    }

    [Fact]
    public void Neither_workspace_nor_insights_accept_a_key()
    {
        Assert.True((bool)deployment.The("Microsoft.OperationalInsights/workspaces")["properties"]!["features"]!["disableLocalAuth"]!);
        Assert.True((bool)deployment.The("Microsoft.Insights/components")["properties"]!["DisableLocalAuth"]!);
    }

    [Fact]
    public void The_registry_has_no_admin_user() =>
        Assert.False((bool)deployment.The("Microsoft.ContainerRegistry/registries")["properties"]!["adminUserEnabled"]!);

    [Fact]
    public void Poison_messages_failed_loads_and_refused_runs_raise_an_alert()
    {
        var alerts = deployment.All("Microsoft.Insights/scheduledQueryRules");

        Assert.Equal(["failed-model-loads", "poison-messages", "refused-trainings"], alerts.Select(each => (string)each["name"]!).Order());
        Assert.All(alerts, alert =>
        {
            var properties = alert["properties"]!;
            Assert.True((bool)properties["enabled"]!);
            Assert.True((bool)properties["skipQueryValidation"]!);
            Assert.Single(properties["actions"]!["actionGroups"]!.AsArray());
            Assert.StartsWith("ContainerAppConsoleLogs | where Log ", Query(alert));
        });
    }

    [Fact]
    public void Each_phrase_that_an_alert_looks_for_is_logged_by_the_code_or_the_host()
    {
        // WebJobs SDK, QueueProcessor: "Message has reached MaxDequeueCount of {0}. Moving message to queue '{1}'."
        const string OfTheHost = "Moving message to queue";
        var logLines = new[] { "shared", "functions", "trainer" }.Select(Repository.PathOf)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            .SelectMany(File.ReadAllLines).Where(line => LogCall().IsMatch(line)).ToList();
        var phrases = deployment.All("Microsoft.Insights/scheduledQueryRules").Select(Query).Where(query => query.Contains("has_any", StringComparison.Ordinal))
            .SelectMany(query => Quoted().Matches(query)).Select(match => match.Groups[1].Value).Where(phrase => phrase != OfTheHost).ToList();

        Assert.NotEmpty(phrases);
        Assert.All(phrases, phrase => Assert.Contains(logLines, line => line.Contains(phrase, StringComparison.Ordinal)));
    }

    [Fact]
    public void The_line_that_a_refused_training_writes_is_the_one_that_is_looked_for()
    {
        var query = Query(deployment.All("Microsoft.Insights/scheduledQueryRules").Single(each => (string)each["name"]! == "refused-trainings"));
        var pattern = Quoted().Match(query).Groups[1].Value;

        Assert.Matches(pattern, $"20261123-0700 {TrainingState.Refused}: worse than the serving version");
        Assert.DoesNotMatch(pattern, $"20261123-0700 {TrainingState.Published}: not refused");
        Assert.DoesNotMatch(pattern, "System.Net.Sockets.SocketException: Connection refused");
        Assert.Contains("{version} {outcome.State}: ", Repository.Read("trainer/Jobs/TrainingWorker.cs"));
    }

    [Fact]
    public void Alerts_are_mailed_to_the_given_address()
    {
        Assert.Empty(deployment.The("Microsoft.Insights/actionGroups")["properties"]!["emailReceivers"]!.AsArray());
        Assert.Equal(
            ["people@example.org"],
            other.Deployment.The("Microsoft.Insights/actionGroups")["properties"]!["emailReceivers"]!.AsArray().Select(each => (string)each!["emailAddress"]!));
    }

    private static string Query(JsonObject alert) => (string)Assert.Single(alert["properties"]!["criteria"]!["allOf"]!.AsArray())!["query"]!;

    [GeneratedRegex(@"""([^""]+)""")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\.(Log(Information|Warning|Error|Critical)|WriteLine)\(")]
    private static partial Regex LogCall();
}
