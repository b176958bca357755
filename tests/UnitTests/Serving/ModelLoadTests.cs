using Serverless.Models;
using Serverless.Serving;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.UnitTests.Serving;

/// <summary>The first load of a process: which version it takes, and when it is retried.</summary>
public sealed class ModelLoadTests(Emulator emulator) : ServingTest(emulator)
{
    [Theory]
    [InlineData("adapter_model.safetensors", "no weights", "is damaged")]
    [InlineData("adapter_model.safetensors", null, "is missing")]
    [InlineData("manifest.json", "{}", "The manifest of version 'v2'")]
    public async Task A_process_whose_newest_version_cannot_be_used_starts_with_the_one_before(string file, string? content, string problem)
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        await PublishAsync("news", "v2", 2, "a", "b");
        var runs = new TrainingRuns(Storage);
        await runs.WriteAsync(new TrainingRun("news", "v2") { State = TrainingState.Published }, CancellationToken);
        await ReplaceAsync($"adapters/news/v2/{file}", content);

        var classifier = NewClassifier();
        var prediction = await classifier.ClassifyAsync(null, "text", CancellationToken);
        var status = classifier.Status.Classifiers[0];
        await PublishAsync("news", "v3", 3, "a", "b");
        await classifier.RefreshAsync(CancellationToken);

        Assert.Equal("v1", prediction.ModelVersion);
        Assert.Equal((ModelState.Ready, "v1"), (status.State, status.Version));
        Assert.StartsWith("Version v2 cannot be used", status.Problem, StringComparison.Ordinal);
        Assert.Contains(problem, status.Problem, StringComparison.Ordinal);
        Assert.Contains(problem, (await runs.FindAsync("news", "v2", CancellationToken))!.ServingProblem, StringComparison.Ordinal);
        Assert.Equal("v3", (await classifier.ClassifyAsync(null, "text", CancellationToken)).ModelVersion);
    }

    /// <summary>The files in the manifest of a version that can never be loaded, and the problem.</summary>
    public static TheoryData<string, string> ManifestFiles { get; } = new()
    {
        { "{}", "is missing" },
        { "{'labels.json':'00','metrics.json':'00'}", "is missing" },
        { "{'adapter_config.json':'00','adapter_model.safetensors':'00'}", "adapter_config.json is missing" },
        { "{'adapter_config.json':'00','adapter_model.safetensors':'00','LONG':'00'}", "valid file name" },
        { "{'adapter_config.json':'00','adapter_model.safetensors':'00','a\\u0000.json':'00'}", "valid file name" },
        { "{'adapter_config.json':'00','adapter_model.safetensors':'00','a.json':null}", "without its SHA-256" },
        { "['adapter_config.json']", "'files'" },
    };

    [Theory]
    [MemberData(nameof(ManifestFiles))]
    public async Task A_manifest_that_no_process_can_follow_leaves_the_version_before(string files, string problem)
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        await PublishManifestAsync("v2", files);
        var runs = new TrainingRuns(Storage);
        await runs.WriteAsync(new TrainingRun("news", "v2") { State = TrainingState.Published }, CancellationToken);

        var classifier = NewClassifier();
        var prediction = await classifier.ClassifyAsync(null, "text", CancellationToken);
        var promotion = new ModelPromotion(Registry, runs, NewClassifier(), Options, TimeProvider.System);
        var error = await Assert.ThrowsAsync<PromotionException>(() => promotion.PromoteAsync("news", "v2", CancellationToken));

        Assert.Equal("v1", prediction.ModelVersion);
        Assert.True(classifier.Status.Healthy);
        Assert.Contains(problem, classifier.Status.Classifiers[0].Problem, StringComparison.Ordinal);
        Assert.Contains(problem, (await runs.FindAsync("news", "v2", CancellationToken))!.ServingProblem, StringComparison.Ordinal);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2048, true)]
    [InlineData(2049, false)]
    [InlineData(2_000_000_000, false)]
    public async Task A_version_reads_no_more_tokens_than_its_base(int maxTokens, bool serves)
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        ToyModel.WriteAdapter(Path.Combine(Folder.Path, "v2"), 2, "a", "b");
        Folder.File("v2/labels.json", $$"""{"labels":["a","b"],"maxTokens":{{maxTokens}}}""");
        await ToyModel.PublishFolderAsync(Registry, "news", "v2", Path.Combine(Folder.Path, "v2"));

        var classifier = NewClassifier();
        var prediction = await classifier.ClassifyAsync(null, "text", CancellationToken);

        Assert.Equal(serves ? "v2" : "v1", prediction.ModelVersion);
        Assert.Contains(serves ? "" : "'maxTokens'", classifier.Status.Classifiers[0].Problem ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_adapter_from_Python_needs_no_file_but_those_of_PEFT_and_its_config()
    {
        await UploadBaseAsync();
        ToyModel.WriteAdapter(Path.Combine(Folder.Path, "v1"), 1, "a", "b");
        File.Delete(Path.Combine(Folder.Path, "v1", "labels.json"));
        Folder.File("v1/config.json", """{"model_type":"llama","id2label":{"0":"cats","1":"dogs"}}""");
        await ToyModel.PublishFolderAsync(Registry, "news", "v1", Path.Combine(Folder.Path, "v1"));

        var prediction = await NewClassifier().ClassifyAsync(null, "text", CancellationToken);

        Assert.Equal(["cats", "dogs"], prediction.Probabilities.Keys);
    }

    [Fact]
    public async Task A_folder_whose_name_is_no_version_does_not_hide_the_others()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        var container = Storage.Container(StorageNames.ModelsContainer);
        await container.UploadBlobAsync($"adapters/news/{new string('x', 300)}/manifest.json", BinaryData.FromString("{}"), CancellationToken);
        await container.UploadBlobAsync("adapters/news/a b/manifest.json", BinaryData.FromString("{}"), CancellationToken);
        await ReplaceAsync("adapters/news/current.json", "damaged");

        Assert.Equal("v1", (await NewClassifier().ClassifyAsync(null, "text", CancellationToken)).ModelVersion);
    }

    [Fact]
    public async Task A_process_that_starts_skips_every_version_whose_logits_are_not_finite()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        foreach (var version in new[] { "v2", "v3" })
        {
            ToyModel.WriteAdapter(Path.Combine(Folder.Path, version), 2, "a", "b");
            Folder.File($"{version}/labels.json", """{"labels":["a","b"],"maxTokens":64,"temperature":0}""");
            await ToyModel.PublishFolderAsync(Registry, "news", version, Path.Combine(Folder.Path, version));
        }

        var prediction = await NewClassifier().ClassifyAsync(null, "text", CancellationToken);

        Assert.Equal("v1", prediction.ModelVersion);
    }

    [Fact]
    public async Task A_version_trained_on_another_base_is_not_served()
    {
        await UploadBaseAsync();
        ToyModel.WriteAdapter(Path.Combine(Folder.Path, "other"), 1, "a", "b");
        await Registry.Versions.UploadAsync("news", "v1", Path.Combine(Folder.Path, "other"), "tests/other", null, null, CancellationToken);
        await Registry.Pointers.PublishAsync("news", "v1", expected: null, CancellationToken);
        Options = Options with { LoadWait = TimeSpan.FromSeconds(1) };
        var classifier = NewClassifier();
        await LetLoadFailAsync(classifier);

        var error = await Assert.ThrowsAsync<ModelNotReadyException>(() => classifier.ClassifyAsync(null, "text", CancellationToken));

        Assert.Contains("'tests/other'", error.Message);
        Assert.Equal(ModelState.Failed, classifier.Status.State);
        Assert.False(classifier.Status.Healthy);
    }

    [Fact]
    public async Task A_load_that_fails_is_retried_until_it_succeeds()
    {
        await ToyModel.PublishAsync(Registry, "news", "v1", 1, "a", "b");
        var classifier = NewClassifier();

        var request = classifier.ClassifyAsync(null, "text", CancellationToken);
        await UntilAsync(() => classifier.Status.State == ModelState.Failed);
        Assert.Contains("There is no base model", classifier.Status.Classifiers[0].Problem);
        await UploadBaseAsync();

        Assert.Equal("v1", (await request).ModelVersion);
        Assert.Equal(ModelState.Ready, classifier.Status.State);
        Assert.Null(classifier.Status.Classifiers[0].Problem);
    }

    /// <summary>Publishes a version that is a manifest and nothing else.</summary>
    private async Task PublishManifestAsync(string version, string files)
    {
        var json = "{'baseModel':'tests/toy','created':'2026-01-01T00:00:00Z','files':" + files.Replace("LONG", new string('x', 300), StringComparison.Ordinal) + "}";
        var blob = StorageNames.ManifestBlob("news", version);
        await Storage.Container(StorageNames.ModelsContainer).UploadBlobAsync(blob, BinaryData.FromString(json.Replace('\'', '"')), CancellationToken);
        var pointer = await Registry.Pointers.ReadAsync("news", null, CancellationToken);
        Assert.True(await Registry.Pointers.PublishAsync("news", version, pointer.ETag, CancellationToken));
    }
}
