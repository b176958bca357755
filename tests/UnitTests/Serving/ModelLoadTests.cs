using Serverless.Serving;
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
}
