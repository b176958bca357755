using System.Text.Json.Nodes;

namespace Serverless.InfraTests.Bicep;

public sealed class NetworkTests(DefaultDeployment open, OtherDeployment closed)
{
    [Fact]
    public void Without_private_networking_there_is_no_network()
    {
        Assert.DoesNotContain(open.Deployment.Resources, each => ((string)each["type"]!).StartsWith("Microsoft.Network/", StringComparison.Ordinal));
        Assert.All(open.Deployment.All("Microsoft.Storage/storageAccounts"), account => Assert.Equal("Allow", (string)Rules(account)["defaultAction"]!));
    }

    [Fact]
    public void With_it_storage_is_reached_through_private_endpoints_only_but_for_the_deployer() =>
        Assert.All(closed.Deployment.All("Microsoft.Storage/storageAccounts"), account =>
        {
            Assert.Equal("Deny", (string)Rules(account)["defaultAction"]!);
            Assert.Equal([OtherDeployment.DeployerAddress], Rules(account)["ipRules"]!.AsArray().Select(each => (string)each!["value"]!));
        });

    [Fact]
    public void Every_service_of_both_accounts_has_an_endpoint_and_a_name_that_leads_there()
    {
        var accounts = closed.Deployment.Names("Microsoft.Storage/storageAccounts");
        string[] services = ["blob", "queue", "table"];

        Assert.Equal(
            from account in accounts from service in services select $"pe-{account}-{service}",
            closed.Deployment.Names("Microsoft.Network/privateEndpoints"));
        Assert.Equal(
            services.Select(service => $"[format('privatelink.{{0}}.{{1}}', '{service}', environment().suffixes.storage)]"),
            closed.Deployment.Names("Microsoft.Network/privateDnsZones"));
        Assert.All(closed.Deployment.All("Microsoft.Network/privateEndpoints/privateDnsZoneGroups"), group =>
        {
            var service = ((string)group["name"]!).Split('/')[0].Split('-')[^1];
            var zone = (string)Assert.Single(group["properties"]!["privateDnsZoneConfigs"]!.AsArray())!["properties"]!["privateDnsZoneId"]!;
            Assert.Contains($"'{service}', environment().suffixes.storage", zone);
        });
        Assert.Equal(3, closed.Deployment.All("Microsoft.Network/privateDnsZones/virtualNetworkLinks").Count);
    }

    [Fact]
    public void The_environment_stays_reachable_for_Event_Grid()
    {
        // The subnet's id is known only when it exists, so the whole property stays an expression.
        var network = (string)closed.Deployment.The("Microsoft.App/managedEnvironments")["properties"]!["vnetConfiguration"]!;

        Assert.Contains("'internal', false()", network);
        Assert.Contains(".outputs.programsSubnetId.value", network);
    }

    private static JsonNode Rules(JsonObject account) => account["properties"]!["networkAcls"]!;
}
