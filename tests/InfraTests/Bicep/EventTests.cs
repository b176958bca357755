using Serverless.Storage;

namespace Serverless.InfraTests.Bicep;

public sealed class EventTests(DefaultDeployment fixture)
{
    [Fact]
    public void Only_finished_uploads_of_data_sets_become_events()
    {
        var filter = Subscription["filter"]!;

        Assert.Equal(["Microsoft.Storage.BlobCreated"], filter["includedEventTypes"]!.AsArray().Select(each => (string)each!));
        Assert.Equal($"/blobServices/default/containers/{StorageNames.DatasetsContainer}/", (string)filter["subjectBeginsWith"]!);
        Assert.Equal("data.contentLength", (string)Assert.Single(filter["advancedFilters"]!.AsArray())!["key"]!);
    }

    [Fact]
    public void They_call_the_blob_trigger_with_a_key_that_is_not_in_the_template()
    {
        Assert.Equal("WebHook", (string)Subscription["destination"]!["endpointType"]!);
        var address = (string)Subscription["destination"]!["properties"]!["endpointUrl"]!;
        Assert.Contains("/runtime/webhooks/blobs?functionName=Host.Functions.RetrainOnDataset&code={1}", address);
        Assert.Contains("parameters('eventKey')", address);
    }

    [Fact]
    public void Undelivered_events_are_stored()
    {
        var letter = Subscription["deadLetterWithResourceIdentity"]!;

        Assert.Equal("SystemAssigned", (string)letter["identity"]!["type"]!);
        Assert.Contains(
            (string)letter["deadLetterDestination"]!["properties"]!["blobContainerName"]!,
            fixture.Deployment.Names("Microsoft.Storage/storageAccounts/blobServices/containers"));
    }

    private System.Text.Json.Nodes.JsonNode Subscription =>
        fixture.Deployment.The("Microsoft.EventGrid/systemTopics/eventSubscriptions")["properties"]!;
}
