using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Models;
using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.UnitTests.Serving;

/// <summary>What tests of the classifier share: a storage account with the toy base in it, and a classifier over it.</summary>
public abstract class ServingTest(Emulator emulator) : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private readonly List<ArticleClassifier> classifiers = [];

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected StorageClients Storage { get; private set; } = null!;

    private protected ModelRegistry Registry { get; private set; } = null!;

    private protected TemporaryFolder Folder => folder;

    private protected ClassifierOptions Options { get; set; } = new() { Base = ToyModel.Base };

    public virtual async ValueTask InitializeAsync()
    {
        Storage = await emulator.NewAccountAsync();
        Registry = new ModelRegistry(Storage, Path.Combine(folder.Path, "cache"), TimeProvider.System);
        ToyModel.WriteBase(Path.Combine(folder.Path, "base"));
    }

    public ValueTask DisposeAsync()
    {
        classifiers.ForEach(classifier => classifier.Dispose());
        folder.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private protected Task UploadBaseAsync() => Registry.UploadBaseAsync(ToyModel.Base, Path.Combine(folder.Path, "base"), Cancel);

    private protected ArticleClassifier NewClassifier(TimeProvider? clock = null, ILogger<ArticleClassifier>? log = null)
    {
        var classifier = new ArticleClassifier(Options, Registry, clock ?? TimeProvider.System, log ?? NullLogger<ArticleClassifier>.Instance);
        classifiers.Add(classifier);
        return classifier;
    }

    /// <summary>Spoils a blob of the container <c>models</c>, or, with null, takes it away.</summary>
    /// <returns>What it held.</returns>
    private protected async Task<string> ReplaceAsync(string name, string? content)
    {
        var blob = Storage.Container(StorageNames.ModelsContainer).GetBlobClient(name);
        var before = (await blob.DownloadContentAsync(Cancel)).Value.Content.ToString();
        await (content is null ? blob.DeleteAsync(cancellationToken: Cancel) : (Task)blob.UploadAsync(BinaryData.FromString(content), overwrite: true, Cancel));
        return before;
    }

    /// <summary>Lets the first load fail, however long it takes: whoever asks from now on is told why, however short his wait.</summary>
    private protected static async Task LetLoadFailAsync(ArticleClassifier classifier, string? name = null)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var asked = Record.ExceptionAsync(() => classifier.ClassifyAsync(name, "text", leaving.Token));
        await Until(() => classifier.Status.State == ModelState.Failed);
        await leaving.CancelAsync();
        Assert.True(await asked is OperationCanceledException or ModelNotReadyException);
    }

    private protected static Task Until(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        Eventually.TrueAsync(condition, what, TimeSpan.FromSeconds(30));
}
