using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.UnitTests.Training;

public sealed class TrainingRequestsTests(Emulator emulator)
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("news/data.csv", "", "empty")]
    [InlineData("news/data.csv.tmp", "text,label", "'.tmp' is not known")]
    [InlineData("news/2026/training.json", "{}", "The settings of the classifier 'news' are read from 'news/training.json' only: move the file there.")]
    public async Task An_empty_or_unknown_file_is_refused_before_a_GPU_is_started(string name, string content, string reason)
    {
        var storage = await emulator.NewAccountAsync();

        await UploadAndRequestAsync(storage, name, content);

        var run = Assert.Single(await new TrainingRuns(storage).ListAsync("news", CancellationToken));
        Assert.Equal(TrainingState.Refused, run.State);
        Assert.Contains(reason, run.Reason, StringComparison.Ordinal);
        Assert.Empty((await storage.Queue(StorageNames.TrainingRequestsQueue).PeekMessagesAsync(1, CancellationToken)).Value);
    }

    [Theory]
    [InlineData("news/.ipynb_checkpoints/train-checkpoint.csv")]
    [InlineData("news/__MACOSX/._train.csv")]
    [InlineData("news/~$train.csv")]
    public async Task A_file_that_a_program_put_beside_data_is_ignored(string name)
    {
        var storage = await emulator.NewAccountAsync();

        await UploadAndRequestAsync(storage, name, "text,label");

        Assert.Empty(await new TrainingRuns(storage).ListAsync("news", CancellationToken));
        Assert.Empty((await storage.Queue(StorageNames.TrainingRequestsQueue).PeekMessagesAsync(1, CancellationToken)).Value);
    }

    [Fact]
    public async Task Settings_beside_the_data_sets_start_no_training()
    {
        var storage = await emulator.NewAccountAsync();

        await UploadAndRequestAsync(storage, "news/training.json", "{}");

        Assert.Empty(await new TrainingRuns(storage).ListAsync("news", CancellationToken));
        Assert.Empty((await storage.Queue(StorageNames.TrainingRequestsQueue).PeekMessagesAsync(1, CancellationToken)).Value);
    }

    [Fact]
    public async Task A_data_set_is_requested_by_its_ETag_and_one_outside_a_folder_is_ignored()
    {
        var storage = await emulator.NewAccountAsync();

        await UploadAndRequestAsync(storage, "data.csv", "text,label");
        await UploadAndRequestAsync(storage, "news/data.csv", "text,label");

        var message = Assert.Single((await storage.Queue(StorageNames.TrainingRequestsQueue).PeekMessagesAsync(10, CancellationToken)).Value);
        var request = TrainingRequest.Parse(message.Body.ToString());
        Assert.Equal(("news/data.csv", "news"), (request.Dataset, request.Classifier));
        Assert.NotEmpty(request.ETag);
    }

    private static async Task UploadAndRequestAsync(StorageClients storage, string name, string content)
    {
        var blob = storage.Container(StorageNames.DatasetsContainer).GetBlobClient(name);
        await blob.UploadAsync(BinaryData.FromString(content), CancellationToken);
        await new TrainingRequests(storage, new TrainingRuns(storage), TimeProvider.System, NullLogger<TrainingRequests>.Instance).RequestAsync(blob, CancellationToken);
    }
}
