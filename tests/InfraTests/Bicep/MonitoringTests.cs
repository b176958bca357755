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
    public void Every_kind_of_trouble_raises_an_alert()
    {
        var logs = deployment.All("Microsoft.Insights/scheduledQueryRules");
        var metrics = deployment.All("Microsoft.Insights/metricAlerts");

        Assert.Equal(
            ["backlog", "failed-articles", "failed-model-loads", "failed-trainings", "poison-messages", "refused-trainings"],
            logs.Select(each => (string)each["name"]!).Order());
        Assert.Equal(
            ["failing-event-deliveries", "lost-events", "server-errors", "too-many-requests", "undelivered-events"],
            metrics.Select(each => (string)each["name"]!).Order());
        Assert.All(logs.Concat(metrics), alert => Assert.True((bool)alert["properties"]!["enabled"]!));
        Assert.All(logs, alert => Assert.Single(alert["properties"]!["actions"]!["actionGroups"]!.AsArray()));
        Assert.All(metrics, alert => Assert.Single(alert["properties"]!["actions"]!.AsArray()));
    }

    [Fact]
    public void No_alert_searches_the_text_of_a_message()
    {
        var queries = deployment.All("Microsoft.Insights/scheduledQueryRules").Select(Query).ToList();

        Assert.NotEmpty(queries);
        Assert.All(queries, query => Assert.DoesNotMatch(TextSearch(), query));
        Assert.All(queries, query => Assert.Matches("Category (==|startswith) |Entry.Event == ", query));
    }

    [Fact]
    public void The_classes_and_fields_that_alerts_read_are_those_that_log()
    {
        Assert.Contains(LogCalls("shared/Articles"), call => call.StartsWith("LogError", StringComparison.Ordinal));
        Assert.Contains(LogCalls("shared/Serving"), call => call.StartsWith("LogError", StringComparison.Ordinal));
        Assert.Contains("Queue {Queue} has {Messages} messages, the oldest has waited {Seconds:0} s", Repository.Read("functions/QueueDepthService.cs"));
        Assert.Contains("ILogger<QueueDepthService>", Repository.Read("functions/QueueDepthService.cs"));
        var queries = string.Join('\n', deployment.All("Microsoft.Insights/scheduledQueryRules").Select(Query));
        Assert.All(["\"Serverless.Functions.QueueDepthService\"", "\"Serverless.Articles.\"", "\"Serverless.Serving.\""], part => Assert.Contains(part, queries));
    }

    [Fact]
    public void The_events_of_the_trainer_that_alerts_read_are_those_that_it_writes()
    {
        var worker = Repository.Read("trainer/Jobs/TrainingWorker.cs");
        var queries = deployment.All("Microsoft.Insights/scheduledQueryRules").Select(Query).Where(query => query.Contains("Entry.Event", StringComparison.Ordinal)).ToList();
        var events = queries.SelectMany(query => Event().Matches(query)).Select(match => match.Groups[1].Value).Distinct();
        var states = queries.SelectMany(query => State().Matches(query)).Select(match => match.Groups[1].Value).Distinct();

        Assert.Equal(["RequestSetAside", "TrainingEnded"], events.Order());
        Assert.All(events, name => Assert.Contains($"\"{name}\"", worker));
        Assert.Equal([$"{TrainingState.Failed}", $"{TrainingState.Refused}"], states.Order());
        Assert.Contains("[\"State\"] = $\"{outcome.State}\"", worker);
        Assert.Equal("json", deployment.Settings("Microsoft.App/jobs")["Logging__Console__FormatterName"]);
    }

    [Fact]
    public void Rules_on_metrics_of_a_resource_exist_once_the_resource_does()
    {
        var scopes = deployment.All("Microsoft.Insights/metricAlerts")
            .Select(each => (Name: (string)each["name"]!, Scope: (string)Assert.Single(each["properties"]!["scopes"]!.AsArray())!)).ToList();

        Assert.All(scopes, each => Assert.NotEmpty(each.Scope));
        Assert.All(scopes.Where(each => each.Name.EndsWith("events", StringComparison.Ordinal)), each => Assert.Contains("systemTopics", each.Scope));
        Assert.All(scopes.Where(each => !each.Name.Contains("event", StringComparison.Ordinal)), each => Assert.Contains("containerApps", each.Scope));
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

    private static IEnumerable<string> LogCalls(string folder) =>
        from file in Directory.EnumerateFiles(Repository.PathOf(folder), "*.cs")
        from match in LogCall().Matches(File.ReadAllText(file))
        select match.Groups[1].Value;

    [GeneratedRegex(@"\.(Log(Information|Warning|Error|Critical))\(")]
    private static partial Regex LogCall();

    [GeneratedRegex(@"\b(Log|Message|OuterMessage|InnermostMessage)\b(?!\))|\b(has|has_any|contains|matches)\b")]
    private static partial Regex TextSearch();

    [GeneratedRegex(@"Entry\.Event == ""(\w+)""")]
    private static partial Regex Event();

    [GeneratedRegex(@"Entry\.Fields\.State == ""(\w+)""")]
    private static partial Regex State();
}
