using System.Text.RegularExpressions;

namespace Serverless.InfraTests.Bicep;

public sealed class NameTests(DefaultDeployment fixture, OtherDeployment other)
{
    // From "Naming rules and restrictions for Azure resources".
    private static readonly Dictionary<string, string> Rules = new()
    {
        ["Microsoft.Storage/storageAccounts"] = "^[a-z0-9]{3,24}$",
        ["Microsoft.Storage/storageAccounts/blobServices/containers"] = "^[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]$",
        ["Microsoft.Storage/storageAccounts/queueServices/queues"] = "^[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]$",
        ["Microsoft.Storage/storageAccounts/tableServices/tables"] = "^[A-Za-z][A-Za-z0-9]{2,62}$",
        ["Microsoft.ContainerRegistry/registries"] = "^[a-zA-Z0-9]{5,50}$",
        ["Microsoft.OperationalInsights/workspaces"] = "^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$",
        ["Microsoft.Insights/components"] = "^[^%&\\\\?/]{1,259}[^%&\\\\?/ .]$",
        ["Microsoft.Insights/actionGroups"] = "^[^:<>+/&%\\\\?|]{1,259}[^ .]$",
        ["Microsoft.App/managedEnvironments"] = "^[A-Za-z0-9][A-Za-z0-9-]{0,58}[A-Za-z0-9]$",
        ["Microsoft.App/containerApps"] = "^[a-z](?!.*--)[a-z0-9-]{0,30}[a-z0-9]$",
        ["Microsoft.App/jobs"] = "^[a-z](?!.*--)[a-z0-9-]{0,30}[a-z0-9]$",
        ["Microsoft.ManagedIdentity/userAssignedIdentities"] = "^[A-Za-z0-9][A-Za-z0-9_-]{2,127}$",
        ["Microsoft.EventGrid/systemTopics"] = "^[A-Za-z0-9-]{3,50}$",
        ["Microsoft.EventGrid/systemTopics/eventSubscriptions"] = "^[A-Za-z0-9-]{3,64}$",
        ["Microsoft.Network/virtualNetworks"] = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}[A-Za-z0-9_]$",
        ["Microsoft.Network/privateEndpoints"] = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}[A-Za-z0-9_]$",
        ["Microsoft.Insights/scheduledQueryRules"] = "^[^*<>%{}&:\\\\?/#|]{1,259}[^ .]$",
    };

    [Fact]
    public async Task The_shortest_and_the_longest_prefix_give_names_within_the_limits()
    {
        var shortest = await Deployment.PredictAsync(
            new Dictionary<string, string> { ["name"] = "'abc'", ["privateNetworking"] = "true" }, TestContext.Current.CancellationToken);

        foreach (var deployment in new[] { shortest, fixture.Deployment, other.Deployment })
        {
            Assert.All(Rules, each => Assert.All(deployment.Names(each.Key), name => Assert.Matches(new Regex(each.Value), name)));
        }

        Assert.All(Rules.Keys, type => Assert.NotEmpty(shortest.Names(type)));
    }

    [Fact]
    public async Task A_prefix_that_is_too_long_is_refused()
    {
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => Deployment.PredictAsync(
            new Dictionary<string, string> { ["name"] = "'ninechars'" }, TestContext.Current.CancellationToken));

        Assert.Contains("BCP332", refusal.Message);
    }
}
