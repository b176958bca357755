using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Serverless.InfraTests.Bicep;

public sealed partial class RoleTests(DefaultDeployment fixture, OtherDeployment other)
{
    private static readonly Dictionary<string, string> Roles = new()
    {
        ["b7e6dc6d-f1e8-4753-8033-0f276bb0955b"] = "Storage Blob Data Owner",
        ["ba92f5b4-2d11-453d-a403-e96b0029c9fe"] = "Storage Blob Data Contributor",
        ["db58b8e5-c6ad-4a2a-8342-4190687cbf4a"] = "Storage Blob Delegator",
        ["2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"] = "Storage Blob Data Reader",
        ["974c5e8b-45b9-4653-ba55-5f855dd0fb88"] = "Storage Queue Data Contributor",
        ["19e7f393-937e-4f77-808e-94535e297925"] = "Storage Queue Data Reader",
        ["c6a89b2d-59bc-44d0-9896-0f6e12d7b80a"] = "Storage Queue Data Message Sender",
        ["0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"] = "Storage Table Data Contributor",
        ["76199698-9eea-4c19-bc75-cec21354c6b6"] = "Storage Table Data Reader",
        ["7f951dda-4ed3-4680-a7ca-43fe172d538d"] = "AcrPull",
        ["3913510d-42f4-4e42-8a64-420c390055eb"] = "Monitoring Metrics Publisher",
    };

    private readonly IReadOnlyList<JsonObject> assignments = fixture.Deployment.All("Microsoft.Authorization/roleAssignments");

    [Fact]
    public void The_functions_have_exactly_these_roles()
    {
        string[] expected =
        [
            "containers/articles: Storage Blob Data Contributor",
            "containers/datasets: Storage Blob Data Contributor",
            "containers/failed: Storage Blob Data Contributor",
            "containers/models: Storage Blob Data Contributor",
            "containers/results: Storage Blob Data Contributor",
            "storage: Storage Blob Delegator",
            "queues/articles-poison: Storage Queue Data Contributor",
            "queues/articles-results: Storage Queue Data Message Sender",
            "queues/articles-review: Storage Queue Data Message Sender",
            "queues/articles: Storage Queue Data Contributor",
            "queues/training-requests: Storage Queue Data Message Sender",
            "queues/training-requests-poison: Storage Queue Data Reader",
            "queues/webjobs-blobtrigger-poison: Storage Queue Data Message Sender",
            "queues/webjobs-blobtrigger-poison: Storage Queue Data Reader",
            "tables/classifications: Storage Table Data Contributor",
            "tables/recent: Storage Table Data Contributor",
            "tables/reviews: Storage Table Data Contributor",
            "tables/trainingruns: Storage Table Data Contributor",
            "host storage: Storage Blob Data Owner",
            "host storage: Storage Queue Data Contributor",
            "host storage: Storage Table Data Contributor",
            "registries: AcrPull",
            "components: Monitoring Metrics Publisher",
        ];

        Assert.Equal(expected.Order(StringComparer.Ordinal), RolesOf("id-articles-functions'").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_trainer_has_exactly_these_roles()
    {
        string[] expected =
        [
            "containers/datasets: Storage Blob Data Reader",
            "containers/models: Storage Blob Data Contributor",
            "queues/training-requests: Storage Queue Data Contributor",
            "queues/training-requests-poison: Storage Queue Data Message Sender",
            "tables/trainingruns: Storage Table Data Contributor",
            "registries: AcrPull",
        ];

        Assert.Equal(expected.Order(StringComparer.Ordinal), RolesOf("id-articles-trainer'").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_assigned_role_is_checked_by_the_name_that_Azure_gives_it()
    {
        var build = await RunningProgram.RunToEndAsync(BicepCompiler.Program, ["build", Repository.PathOf("infra/azure/modules/roles.bicep"), "--stdout"], TestContext.Current.CancellationToken);
        var template = JsonNode.Parse(build.Output)!;
        var resources = template["resources"]!.AsObject().Where(each => (string)each.Value!["type"]! == "Microsoft.Authorization/roleAssignments").ToList();
        var lookedFor = template["variables"]!["allByPlace"]!.ToJsonString();

        Assert.Equal(7, resources.Count);
        Assert.All(resources, each => Assert.Contains(Source().Match((string)(each.Value!["copy"]?["count"] ?? each.Value["name"])!).Value, lookedFor, StringComparison.Ordinal));
        Assert.Equal(
            Roles.OrderBy(role => role.Key),
            template["variables"]!["roles"]!.AsObject().Select(each => KeyValuePair.Create((string)each.Value!["id"]!, (string)each.Value["name"]!)).OrderBy(role => role.Key));
    }

    [Fact]
    public void Event_Grid_may_write_undelivered_events_and_nothing_else() =>
        Assert.Equal(["containers/events-undelivered: Storage Blob Data Contributor"], RolesOf("Microsoft.EventGrid/systemTopics"));

    [Fact]
    public void No_role_that_reaches_data_is_on_a_whole_account_of_data_or_above() =>
        Assert.All(assignments.Where(each => RoleOf(each) != "Storage Blob Delegator"), each => Assert.Matches(NarrowScope(), Scope(each)));

    [Fact]
    public void Every_assignment_says_why() =>
        Assert.All(assignments, each => Assert.True(((string?)each["properties"]!["description"])?.Length > 10, each.ToJsonString()));

    [Fact]
    public void Nobody_but_the_programs_is_given_a_role_if_no_deployer_is_named()
    {
        var deployers = RolesOf(Deployment.Deployer).ToList();

        Assert.NotEmpty(deployers);
        Assert.Equal(assignments.Count - deployers.Count, other.Deployment.All("Microsoft.Authorization/roleAssignments").Count);
    }

    private IEnumerable<string> RolesOf(string principal) =>
        from each in assignments
        where ((string)each["properties"]!["principalId"]!).Contains(principal, StringComparison.Ordinal)
        select $"{ShortScope(Scope(each))}: {RoleOf(each)}";

    private static string RoleOf(JsonObject assignment) => Roles[((string)assignment["properties"]!["roleDefinitionId"]!).Split('/')[^1]];

    private static string Scope(JsonObject assignment) =>
        ((string)assignment["id"]!).Split("/providers/Microsoft.Authorization")[0];

    private static string ShortScope(string scope) => scope.Split('/') switch
    {
        [.., "storageAccounts", var account] => account.StartsWith("sth", StringComparison.Ordinal) ? "host storage" : "storage",
        [.., var kind, var name] when kind is "containers" or "queues" or "tables" => $"{kind}/{name}",
        [.., var kind, _] => kind,
        _ => scope,
    };

    /// <summary>The list that a loop of role assignments goes through, or the one role that is assigned without a loop.</summary>
    [GeneratedRegex(@"(?<=length\(variables\(')\w+|(?<=variables\('roles'\)\.)\w+")]
    private static partial Regex Source();

    [GeneratedRegex(@"/(containers|queues|tables)/[a-z-]+$|/storageAccounts/sth[a-z0-9]+$|/registries/[a-z0-9]+$|/components/[a-z-]+$")]
    private static partial Regex NarrowScope();
}
