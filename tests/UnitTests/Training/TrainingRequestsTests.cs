using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.UnitTests.Training;

public sealed class TrainingRequestsTests(Emulator emulator)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("news/data.csv", "", "empty")]
    [InlineData("news/data.csv.tmp", "text,label", "'.tmp' is not known")]
    public async Task A_data_set_that_cannot_be_one_is_refused_before_a_gpu_is_paid_for(string name, string content, string reason)
    {
        var storage = await emulator.NewAccountAsync();

        await UploadAndRequestAsync(storage, name, content);

        var run = Assert.Single(await new TrainingRuns(storage).ListAsync("news", Cancel));
        Assert.Equal(TrainingState.Refused, run.State);
        Assert.Contains(reason, run.Reason, StringComparison.Ordinal);
        Assert.Empty((await storage.Queue(StorageNames.TrainingRequestsQueue).PeekMessagesAsync(1, Cancel)).Value);
    }

    [Fact]
    public async Task A_data_set_is_requested_by_its_etag_and_one_outside_a_folder_is_left_alone()
    {
        var storage = await emulator.NewAccountAsync();

        await UploadAndRequestAsync(storage, "data.csv", "text,label");
        await UploadAndRequestAsync(storage, "news/data.csv", "text,label");

        var message = Assert.Single((await storage.Queue(StorageNames.TrainingRequestsQueue).PeekMessagesAsync(10, Cancel)).Value);
        var request = TrainingRequest.Parse(message.Body.ToString());
        Assert.Equal(("news/data.csv", "news"), (request.Dataset, request.Classifier));
        Assert.NotEmpty(request.ETag);
    }

    private static async Task UploadAndRequestAsync(StorageClients storage, string name, string content)
    {
        var blob = storage.Container(StorageNames.DatasetsContainer).GetBlobClient(name);
        await blob.UploadAsync(BinaryData.FromString(content), Cancel);
        await new TrainingRequests(storage, new TrainingRuns(storage), TimeProvider.System, NullLogger<TrainingRequests>.Instance).RequestAsync(blob, Cancel);
    }
}
