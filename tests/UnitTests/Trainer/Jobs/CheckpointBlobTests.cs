using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Serverless.Llama.Files;
using Serverless.Models;
using Serverless.Storage;
using Serverless.Training;
using Serverless.UnitTests.Trainer.Training;

namespace Serverless.UnitTests.Trainer.Jobs;

/// <summary>Jobs as programs of their own, killed and followed by others that know nothing of them but what lies in storage.</summary>
public sealed class CheckpointBlobTests(Emulator emulator) : IDisposable
{
    private const string Classifier = "topics";

    private readonly TemporaryFolder folder = new();

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_killed_job_resumes_on_another_machine_and_ends_with_the_same_adapter()
    {
        var (storage, connection) = await PreparedAsync();
        await using (var killed = StartJob(connection, "first machine"))
        {
            await CheckpointAsync(storage);
            await killed.KillAsync();
        }

        Assert.Null(await ServingAsync(storage));
        await ComeBackAsync(storage);
        await using var successor = StartJob(connection, "second machine");
        var output = await successor.EndAsync();

        Assert.Matches("resume from step [1-9]", output);
        Assert.Equal([TrainingState.Failed, TrainingState.Published], (await new TrainingRuns(storage).ListAsync(Classifier, CancellationToken)).Select(run => run.State));
        Assert.Equal(0, (await CheckpointBlob(storage).GetPropertiesAsync(cancellationToken: CancellationToken)).Value.ContentLength);
        Assert.Equal(await NeverKilledAsync(), await AdapterAsync(storage));
    }

    [Fact]
    public async Task The_checkpoint_of_other_settings_is_left()
    {
        var (storage, connection) = await PreparedAsync();
        await using (var killed = StartJob(connection, "first machine"))
        {
            await CheckpointAsync(storage);
            await killed.KillAsync();
        }

        await storage.Container(StorageNames.ModelsContainer).GetBlobClient($"{StorageNames.BaseFolder(ToyModel.Base)}{StorageNames.TrainingFile}")
            .UploadAsync(BinaryData.FromString((ToyTask.Options with { MinSteps = 20 }).ToJson()), overwrite: true, CancellationToken);
        await storage.Container(StorageNames.ModelsContainer).GetBlobClient($"{StorageNames.BaseFolder(ToyModel.Base)}{StorageNames.ManifestFile}").DeleteAsync(cancellationToken: CancellationToken);
        await ComeBackAsync(storage);
        await using var successor = StartJob(connection, "second machine");
        var output = await successor.EndAsync();

        Assert.Contains("The training starts from the beginning.", output, StringComparison.Ordinal);
        Assert.Contains("min_steps was 150 and is 20", output, StringComparison.Ordinal);
        Assert.NotNull(await ServingAsync(storage));
    }

    private RunningProgram StartJob(string connection, string machine) => TrainerProgram.Start(
        ["run"],
        settings: [("Storage", connection), ("Classifier__Base", ToyModel.Base), ("Classifier__CacheFolder", Path.Combine(folder.Path, machine)), ("TMPDIR", folder.Path)]);

    private async Task<byte[]> NeverKilledAsync()
    {
        var (storage, connection) = await PreparedAsync();
        await using var job = StartJob(connection, "third machine");
        await job.EndAsync();
        return await AdapterAsync(storage);
    }

    /// <summary>An account with a base model, a data set and a request.</summary>
    private async Task<(StorageClients Storage, string Connection)> PreparedAsync()
    {
        var connection = await emulator.NewConnectionStringAsync();
        var storage = await Emulator.PreparedAsync(connection);
        var baseFolder = Path.Combine(folder.Path, "base");
        ToyModel.WriteBase(baseFolder);
        folder.File("base/training.json", (ToyTask.Options with { MinSteps = 150, SaveSteps = 5, LoraDropout = 0.1, TokenDropout = 0.1 }).ToJson());
        await new ModelRegistry(storage, new TrainingRuns(storage), Path.Combine(folder.Path, "cache"), TimeProvider.System).Bases.UploadAsync(ToyModel.Base, baseFolder, CancellationToken);
        await storage.Container(StorageNames.DatasetsContainer).GetBlobClient("topics/a.csv").UploadAsync(BinaryData.FromString(ToyTask.Csv(300, seed: 1)), CancellationToken);
        await RequestAsync(storage);
        return (storage, connection);
    }

    private static async Task RequestAsync(StorageClients storage)
    {
        var dataSet = await storage.Container(StorageNames.DatasetsContainer).GetBlobClient("topics/a.csv").GetPropertiesAsync(cancellationToken: CancellationToken);
        var request = new TrainingRequest("topics/a.csv", dataSet.Value.ETag.ToString(), Classifier, DateTimeOffset.UtcNow);
        await storage.Queue(StorageNames.TrainingRequestsQueue).SendMessageAsync(request.ToJson(), CancellationToken);
    }

    /// <summary>What otherwise comes by itself within two minutes of a kill: the lease ends, and the request is delivered again.</summary>
    private static async Task ComeBackAsync(StorageClients storage)
    {
        await CheckpointBlob(storage).GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: CancellationToken);
        await RequestAsync(storage);
    }

    private static async Task CheckpointAsync(StorageClients storage)
    {
        while (!await CheckpointBlob(storage).ExistsAsync(CancellationToken) || (await CheckpointBlob(storage).GetPropertiesAsync(cancellationToken: CancellationToken)).Value.ContentLength == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), CancellationToken);
        }
    }

    private static BlobClient CheckpointBlob(StorageClients storage) =>
        storage.Container(StorageNames.ModelsContainer).GetBlobClient(StorageNames.TrainingLeaseBlob(Classifier));

    private static async Task<string?> ServingAsync(StorageClients storage) =>
        (await new ModelRegistry(storage, new TrainingRuns(storage), Path.GetTempPath(), TimeProvider.System).Pointers.ReadAsync(Classifier, null, CancellationToken)).Current?.Version;

    private static async Task<byte[]> AdapterAsync(StorageClients storage)
    {
        var blob = $"{StorageNames.VersionFolder(Classifier, (await ServingAsync(storage))!)}{PeftAdapter.WeightsFileName}";
        return (await storage.Container(StorageNames.ModelsContainer).GetBlobClient(blob).DownloadContentAsync(CancellationToken)).Value.Content.ToArray();
    }
}
