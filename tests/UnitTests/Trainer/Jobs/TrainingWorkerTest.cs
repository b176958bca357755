using Serverless.Models;
using Serverless.Storage;
using Serverless.Trainer.Jobs;
using Serverless.Training;
using Serverless.UnitTests.Trainer.Training;

namespace Serverless.UnitTests.Trainer.Jobs;

/// <summary>What tests of the trainer's jobs share: a storage account with the toy base in it, and requests for a trainer.</summary>
public abstract class TrainingWorkerTest(Emulator emulator) : IAsyncLifetime
{
    private protected const string Classifier = "topics";

    private readonly TemporaryFolder folder = new();
    private readonly StringWriter log = new();

    private protected static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private protected StorageClients Storage { get; private set; } = null!;

    private protected ModelRegistry Registry { get; private set; } = null!;

    private protected TrainingRuns Runs { get; private set; } = null!;

    private protected TemporaryFolder Folder => folder;

    private protected StringWriter Log => log;

    public async ValueTask InitializeAsync()
    {
        Storage = await emulator.NewAccountAsync();
        Registry = new ModelRegistry(Storage, new TrainingRuns(Storage), Path.Combine(folder.Path, "cache"), TimeProvider.System);
        Runs = new TrainingRuns(Storage);
        var baseFolder = Path.Combine(folder.Path, "base");
        ToyModel.WriteBase(baseFolder);
        folder.File("base/training.json", ToyTask.Options.ToJson());
        await Registry.Bases.UploadAsync(ToyModel.Base, baseFolder, CancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        folder.Dispose();
        log.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private protected TrainingWorker Worker(string baseModel = ToyModel.Base, TimeProvider? clock = null) => new(
        Storage,
        new ModelOptions { Base = baseModel, CacheFolder = Path.Combine(folder.Path, "cache") },
        TextWriter.Synchronized(log),
        clock ?? TimeProvider.System);

    private protected Task<bool> RunAsync(string baseModel = ToyModel.Base) => Worker(baseModel).RunAsync(drain: true, CancellationToken);

    private protected Task<TrainingRequest> RequestAsync(string dataset, string content) => RequestAsync(dataset, BinaryData.FromString(content));

    private protected async Task<TrainingRequest> RequestAsync(string dataset, BinaryData content)
    {
        var request = await UploadAsync(dataset, content);
        await SendAsync(request);
        return request;
    }

    private protected Task<TrainingRequest> UploadAsync(string dataset, string content) => UploadAsync(dataset, BinaryData.FromString(content));

    private protected async Task<TrainingRequest> UploadAsync(string dataset, BinaryData content)
    {
        var blob = Storage.Container(StorageNames.DatasetsContainer).GetBlobClient(dataset);
        var uploaded = await blob.UploadAsync(content, overwrite: true, CancellationToken);
        return new TrainingRequest(dataset, uploaded.Value.ETag.ToString(), StorageNames.ParseClassifier(dataset)!, DateTimeOffset.UtcNow);
    }

    private protected async Task SendAsync(TrainingRequest request) =>
        await Storage.Queue(StorageNames.TrainingRequestsQueue).SendMessageAsync(request.ToJson(), CancellationToken);

    /// <summary>What a trainer that was killed leaves in storage.</summary>
    private protected async Task LeaveCheckpointAsync(TrainingRequest request)
    {
        await using var lease = await ClassifierLease.TryAcquireAsync(Storage, Classifier, TimeProvider.System, CancellationToken);
        await using var checkpoint = new CheckpointBlob(lease!, request, folder.File("some.checkpoint", "its bytes"), TextWriter.Null);
        checkpoint.NotifyWritten();
    }

    private protected async Task<long> CheckpointLengthAsync() =>
        (await Storage.Container(StorageNames.ModelsContainer).GetBlobClient(StorageNames.TrainingLeaseBlob(Classifier)).GetPropertiesAsync(cancellationToken: CancellationToken)).Value.ContentLength;

    private protected async Task<string?> ServingAsync() => (await Registry.Pointers.ReadAsync(Classifier, null, CancellationToken)).Current?.Version;

    private protected async Task<int> QueueLengthAsync(string queue) =>
        (await Storage.Queue(queue).GetPropertiesAsync(CancellationToken)).Value.ApproximateMessagesCount;
}
