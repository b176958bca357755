using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Models;
using Serverless.Serving;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.UnitTests.Serving;

/// <summary>What tests of the classifier share: a storage account with the toy base in it, and a classifier over it.</summary>
public abstract class ServingTest(Emulator emulator) : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private readonly List<ArticleClassifier> classifiers = [];

    protected static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private protected StorageClients Storage { get; private set; } = null!;

    private protected ModelRegistry Registry { get; private set; } = null!;

    private protected TemporaryFolder Folder => folder;

    private protected ClassifierOptions Options { get; set; } = new() { Base = ToyModel.Base };

    public virtual async ValueTask InitializeAsync()
    {
        Storage = await emulator.NewAccountAsync();
        Registry = new ModelRegistry(Storage, new TrainingRuns(Storage), Path.Combine(folder.Path, "cache"), TimeProvider.System);
        ToyModel.WriteBase(Path.Combine(folder.Path, "base"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var classifier in classifiers)
        {
            await classifier.DisposeAsync();
        }

        folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected Task UploadBaseAsync() => Registry.Bases.UploadAsync(ToyModel.Base, Path.Combine(folder.Path, "base"), CancellationToken);

    private protected async Task PublishAsync(string classifier, string version, int seed, params string[] labels)
    {
        await UploadBaseAsync();
        await ToyModel.PublishAsync(Registry, classifier, version, seed, labels);
    }

    private protected ArticleClassifier NewClassifier(TimeProvider? clock = null, ILogger<ArticleClassifier>? log = null)
    {
        var classifier = new ArticleClassifier(
            Options, Registry, new TrainingRuns(Storage), clock ?? TimeProvider.System, log ?? NullLogger<ArticleClassifier>.Instance);
        classifiers.Add(classifier);
        return classifier;
    }

    /// <summary>Replaces a blob of the container <c>models</c>, or, with null, deletes it.</summary>
    /// <returns>Its former content.</returns>
    private protected async Task<string> ReplaceAsync(string name, string? content)
    {
        var blob = Storage.Container(StorageNames.ModelsContainer).GetBlobClient(name);
        var before = (await blob.DownloadContentAsync(CancellationToken)).Value.Content.ToString();
        if (content is null)
        {
            await blob.DeleteAsync(cancellationToken: CancellationToken);
        }
        else
        {
            await blob.UploadAsync(BinaryData.FromString(content), overwrite: true, CancellationToken);
        }

        return before;
    }

    /// <summary>Waits until the first load has failed, however long it takes: later requests get its error, however short their wait.</summary>
    private protected static async Task LetLoadFailAsync(ArticleClassifier classifier, string? name = null)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        var request = Record.ExceptionAsync(() => classifier.ClassifyAsync(name, "text", leaving.Token));
        await UntilAsync(() => classifier.Status.State == ModelState.Failed);
        await leaving.CancelAsync();
        Assert.True(await request is OperationCanceledException or ModelNotReadyException);
    }

    private protected static Task UntilAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        Eventually.TrueAsync(condition, what, TimeSpan.FromSeconds(30));
}
