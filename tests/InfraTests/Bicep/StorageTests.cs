using System.Text.Json.Nodes;
using Serverless.Storage;

namespace Serverless.InfraTests.Bicep;

public sealed class StorageTests(DefaultDeployment fixture)
{
    private const string Accounts = "Microsoft.Storage/storageAccounts";

    private readonly Deployment deployment = fixture.Deployment;

    [Fact]
    public void Every_container_queue_and_table_that_the_code_names_exists()
    {
        Assert.Superset(StorageNames.Containers.ToHashSet(), deployment.Names($"{Accounts}/blobServices/containers").ToHashSet());
        Assert.Superset(StorageNames.Queues.ToHashSet(), deployment.Names($"{Accounts}/queueServices/queues").ToHashSet());
        Assert.Superset(StorageNames.Tables.ToHashSet(), deployment.Names($"{Accounts}/tableServices/tables").ToHashSet());
    }

    [Fact]
    public void Everything_that_exists_is_used_by_the_code_or_the_platform()
    {
        Assert.Equal(
            StorageNames.Containers.Append("events-undelivered").Order(),
            deployment.Names($"{Accounts}/blobServices/containers").Order());
        Assert.Equal(
            StorageNames.Queues.Append(StorageNames.BlobTriggerPoisonQueue).Order(),
            deployment.Names($"{Accounts}/queueServices/queues").Order());
        Assert.Equal(StorageNames.Tables.Order(), deployment.Names($"{Accounts}/tableServices/tables").Order());
    }

    [Fact]
    public void Queues_containers_and_tables_are_in_the_account_of_the_data()
    {
        var data = deployment.All(Accounts).Select(each => (string)each["name"]!).Single(name => !name.StartsWith("sth", StringComparison.Ordinal));

        Assert.All(
            deployment.Resources.Where(each => ((string)each["type"]!).StartsWith($"{Accounts}/", StringComparison.Ordinal)),
            child => Assert.StartsWith($"{data}/", (string)child["name"]!, StringComparison.Ordinal));
    }

    [Fact]
    public void No_account_allows_keys_old_TLS_plain_HTTP_or_anonymous_access()
    {
        var accounts = deployment.All(Accounts);

        Assert.Equal(2, accounts.Count);
        Assert.All(accounts, account =>
        {
            var properties = account["properties"]!;
            Assert.False((bool)properties["allowSharedKeyAccess"]!);
            Assert.False((bool)properties["allowBlobPublicAccess"]!);
            Assert.True((bool)properties["supportsHttpsTrafficOnly"]!);
            Assert.Equal("TLS1_2", (string)properties["minimumTlsVersion"]!);
        });
        Assert.All(deployment.All($"{Accounts}/blobServices/containers"), each => Assert.Null(each["properties"]?["publicAccess"]));
    }

    [Fact]
    public void Lifecycle_rules_delete_results_but_never_a_model()
    {
        var rules = deployment.The($"{Accounts}/managementPolicies")["properties"]!["policy"]!["rules"]!.AsArray();
        var deleted = Prefixes(rules.Where(rule => rule!["definition"]!["actions"]!["baseBlob"]!["delete"] is not null));
        var cooled = Prefixes(rules.Where(rule => rule!["definition"]!["actions"]!["baseBlob"]!["tierToCool"] is not null));

        Assert.All(rules, rule => Assert.True((bool)rule!["enabled"]!));
        Assert.Equal([$"{StorageNames.ResultsContainer}/", "events-undelivered/"], deleted);
        Assert.Equal([$"{StorageNames.ModelsContainer}/adapters/"], cooled);
        Assert.True((bool)deployment.The($"{Accounts}/blobServices")["properties"]!["lastAccessTimeTrackingPolicy"]!["enable"]!);
    }

    [Fact]
    public void Only_the_page_of_the_app_may_upload_from_a_browser()
    {
        var services = deployment.All($"{Accounts}/blobServices");
        var rule = Assert.Single(Assert.Single(services)["properties"]!["cors"]!["corsRules"]!.AsArray())!;

        Assert.Equal(["PUT"], rule["allowedMethods"]!.AsArray().Select(each => (string)each!));
        Assert.Equal(["content-type", "x-ms-blob-type"], rule["allowedHeaders"]!.AsArray().Select(each => (string)each!));
        Assert.StartsWith("[format('https://{0}.{1}', 'ca-articles-functions', ", (string)Assert.Single(rule["allowedOrigins"]!.AsArray())!);
    }

    private static IEnumerable<string> Prefixes(IEnumerable<JsonNode?> rules) =>
        rules.SelectMany(rule => rule!["definition"]!["filters"]!["prefixMatch"]!.AsArray()).Select(prefix => (string)prefix!);
}
