using Serverless.Llama.Files;
using Serverless.Models;
using Serverless.Storage;
using Serverless.Trainer.Data;
using Serverless.Trainer.Jobs;
using Serverless.UnitTests.Trainer.Training;

namespace Serverless.UnitTests.Trainer.Jobs;

/// <summary>The version that a new one is compared with.</summary>
[Collection(nameof(TrainingLoopTests))]
public sealed class TrainingBaselineTests(Emulator emulator) : TrainingWorkerTest(emulator)
{
    [Fact]
    public async Task If_the_serving_version_is_damaged_the_baseline_is_the_one_before_it()
    {
        await ToyModel.PublishAsync(Registry, Classifier, "v1", seed: 1, "left", "right");
        await ToyModel.PublishAsync(Registry, Classifier, "v2", seed: 2, "left", "right");
        await Storage.Container(StorageNames.ModelsContainer).DeleteBlobAsync($"{StorageNames.VersionFolder(Classifier, "v2")}labels.json", cancellationToken: CancellationToken);

        Assert.Equal("v1", (await ComputeBaselineAsync())?.Version);
        Assert.Matches("version v2 of topics is skipped: .*labels.json", Log.ToString());
    }

    [Theory]
    [InlineData(true, "has 2 labels and a head for 3")]
    [InlineData(false, "There is no base model 'tests/gone'")]
    public async Task A_serving_version_that_is_whole_and_cannot_be_loaded_is_passed_over_too(bool hasBase, string problem)
    {
        await ToyModel.PublishAsync(Registry, Classifier, "v1", seed: 1, "left", "right");
        var adapter = Path.Combine(Folder.Path, "adapter");
        ToyModel.WriteAdapter(adapter, seed: 2, "left", "right", "third");
        new ClassifierMetadata(["left", "right"], MaxTokens: 64, Temperature: 2).Write(adapter);
        await Registry.Versions.UploadAsync(Classifier, "v2", adapter, hasBase ? ToyModel.Base : "tests/gone", dataset: null, datasetETag: null, CancellationToken);
        await Registry.Pointers.PublishAsync(Classifier, "v2", (await Registry.Pointers.ReadAsync(Classifier, null, CancellationToken)).ETag, CancellationToken);

        Assert.Equal("v1", (await ComputeBaselineAsync())?.Version);
        Assert.Matches($"version v2 of topics is skipped: .*{problem}", Log.ToString());
    }

    [Fact]
    public async Task A_version_trained_on_other_files_of_the_base_is_passed_over()
    {
        await ToyModel.PublishAsync(Registry, Classifier, "v1", seed: 1, "left", "right");
        var adapter = Path.Combine(Folder.Path, "adapter");
        ToyModel.WriteAdapter(adapter, seed: 2, "left", "right");
        var former = new LocalBase(ToyModel.Base, "former", new string('0', 64));
        await Registry.Versions.UploadAsync(Classifier, "v2", adapter, former, dataset: null, datasetETag: null, CancellationToken);
        await Registry.Pointers.PublishAsync(Classifier, "v2", (await Registry.Pointers.ReadAsync(Classifier, null, CancellationToken)).ETag, CancellationToken);

        Assert.Equal("v1", (await ComputeBaselineAsync())?.Version);
        Assert.Matches("version v2 of topics is skipped: .*its files were replaced", Log.ToString());
    }

    [Fact]
    public async Task With_a_damaged_pointer_the_baseline_is_the_version_published_last()
    {
        await ToyModel.PublishAsync(Registry, Classifier, "v1", seed: 1, "left", "right");
        await ToyModel.PublishAsync(Registry, Classifier, "v2", seed: 2, "left", "right");
        var pointer = Storage.Container(StorageNames.ModelsContainer).GetBlobClient(StorageNames.PointerBlob(Classifier));
        await pointer.UploadAsync(BinaryData.FromString("{"), overwrite: true, CancellationToken);

        Assert.Equal("v2", (await ComputeBaselineAsync())?.Version);
        Assert.Contains("Promoting a version writes it anew.", Log.ToString(), StringComparison.Ordinal);
    }

    private async Task<BaselinePredictions?> ComputeBaselineAsync() => await BaselinePredictions.ComputeAsync(
        Registry, Classifier, await Registry.Pointers.ReadAsync(Classifier, null, CancellationToken), ToyTask.Options.Precision, [new DataSetRow(RowPlace.Line(1), "llll", "left", null)], Log, CancellationToken);
}
