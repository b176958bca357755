using Azure.Storage.Blobs.Models;
using Serverless.Models;
using Serverless.Serving;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.UnitTests.Serving;

/// <summary>A base whose files are replaced under its name: adapters that were trained on the former files are not served on it.</summary>
public sealed class ReplacedBaseTests(Emulator emulator) : ServingTest(emulator)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_version_is_served_on_the_base_that_it_was_trained_on_and_no_other(bool hasManifest)
    {
        await UploadAsync("base", hasManifest);
        await PublishOnAsync("v1", "base");
        var before = await NewClassifier().ClassifyAsync(null, "text", CancellationToken);
        ToyModel.WriteBase(Path.Combine(Folder.Path, "other"), seed: 2);
        await UploadAsync("other", hasManifest);
        Options = Options with { LoadWait = TimeSpan.FromSeconds(1) };

        var classifier = NewClassifier();
        await LetLoadFailAsync(classifier);
        var problem = classifier.Status.Classifiers[0].Problem;

        Assert.Equal("v1", before.ModelVersion);
        Assert.Contains("Version 'v1' of 'news' was trained on the base 'tests/toy' with the SHA-256 ", problem, StringComparison.Ordinal);
        Assert.False(classifier.Status.Healthy);
        await UploadAsync("base", hasManifest);
        Assert.Equal(before.Probabilities, (await NewClassifier().ClassifyAsync(null, "text", CancellationToken)).Probabilities);
    }

    [Fact]
    public async Task The_version_before_that_fits_the_base_serves_and_the_run_has_the_reason()
    {
        await UploadBaseAsync();
        await PublishOnAsync("v1", "base");
        ToyModel.WriteBase(Path.Combine(Folder.Path, "other"), seed: 2);
        await PublishOnAsync("v2", "other");
        var runs = new TrainingRuns(Storage);
        await runs.WriteAsync(new TrainingRun("news", "v2") { State = TrainingState.Published }, CancellationToken);

        var classifier = NewClassifier();
        var prediction = await classifier.ClassifyAsync(null, "text", CancellationToken);

        Assert.Equal("v1", prediction.ModelVersion);
        Assert.Contains("its files were replaced", classifier.Status.Classifiers[0].Problem, StringComparison.Ordinal);
        Assert.Contains("its files were replaced", (await runs.FindAsync("news", "v2", CancellationToken))!.ServingProblem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_that_names_no_hash_is_served()
    {
        await PublishAsync("news", "v1", 1, "a", "b");

        Assert.Null((await Registry.Versions.FindManifestAsync("news", "v1", CancellationToken))!.BaseSha256);
        Assert.Equal("v1", (await NewClassifier().ClassifyAsync(null, "text", CancellationToken)).ModelVersion);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_version_of_other_files_is_not_promoted(bool loaded)
    {
        await UploadBaseAsync();
        await PublishOnAsync("v1", "base");
        ToyModel.WriteBase(Path.Combine(Folder.Path, "other"), seed: 2);
        await PublishOnAsync("v2", "other");
        await Registry.Pointers.PublishAsync("news", "v1", (await Registry.Pointers.ReadAsync("news", null, CancellationToken)).ETag, CancellationToken);
        var classifier = NewClassifier();
        if (loaded)
        {
            await classifier.ClassifyAsync(null, "text", CancellationToken);
        }

        var error = await Assert.ThrowsAsync<PromotionException>(
            () => new ModelPromotion(Registry, new TrainingRuns(Storage), classifier, Options, TimeProvider.System).PromoteAsync("news", "v2", CancellationToken));

        Assert.Contains("its files were replaced", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_base_that_exists_is_not_uploaded_again()
    {
        await UploadBaseAsync();
        var before = await Registry.Bases.FindSha256Async(ToyModel.Base, CancellationToken);
        ToyModel.WriteBase(Path.Combine(Folder.Path, "other"), seed: 2);

        await Registry.Bases.UploadAsync(ToyModel.Base, Path.Combine(Folder.Path, "other"), CancellationToken);

        Assert.Equal(before, await Registry.Bases.FindSha256Async(ToyModel.Base, CancellationToken));
    }

    private async Task PublishOnAsync(string version, string baseFolder)
    {
        var adapter = Path.Combine(Folder.Path, version);
        ToyModel.WriteAdapter(adapter, 1, "a", "b");
        var trainedOn = await LocalBase.ReadAsync(ToyModel.Base, Path.Combine(Folder.Path, baseFolder), CancellationToken);
        await Registry.Versions.UploadAsync("news", version, adapter, trainedOn, dataset: null, datasetETag: null, CancellationToken);
        var serving = await Registry.Pointers.ReadAsync("news", null, CancellationToken);
        Assert.True(await Registry.Pointers.PublishAsync("news", version, serving.ETag, CancellationToken));
    }

    /// <summary>Replaces the base in storage, as a person does.</summary>
    private async Task UploadAsync(string folder, bool hasManifest)
    {
        var container = Storage.Container(StorageNames.ModelsContainer);
        await foreach (var blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, "base/", CancellationToken))
        {
            await container.DeleteBlobAsync(blob.Name, cancellationToken: CancellationToken);
        }

        if (hasManifest)
        {
            await Registry.Bases.UploadAsync(ToyModel.Base, Path.Combine(Folder.Path, folder), CancellationToken);
            return;
        }

        foreach (var file in Directory.EnumerateFiles(Path.Combine(Folder.Path, folder)))
        {
            await container.GetBlobClient($"base/{ToyModel.Base}/{Path.GetFileName(file)}").UploadAsync(file, CancellationToken);
        }
    }
}
