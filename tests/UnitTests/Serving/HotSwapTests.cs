using Serverless.Serving;
using Serverless.Storage;

namespace Serverless.UnitTests.Serving;

/// <summary>A newly published version replaces the one that serves, unless it cannot be used.</summary>
public sealed class HotSwapTests(Emulator emulator) : ServingTest(emulator)
{
    [Fact]
    public async Task A_newly_published_version_is_swapped_in_while_requests_are_served()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        var classifier = NewClassifier();
        await classifier.ClassifyAsync(null, "text", CancellationToken);
        using var stop = new CancellationTokenSource();
        var requests = Task.Run(() => ClassifyUntilAsync(classifier, stop.Token), CancellationToken);

        await PublishAsync("news", "v2", 2, "c", "d", "e");
        await classifier.RefreshAsync(CancellationToken);
        await UntilAsync(() => classifier.Status.Classifiers[0] is { Version: "v2", Merged: true });
        await stop.CancelAsync();

        var versions = await requests;
        Assert.Equal(versions.Order(StringComparer.Ordinal), versions);
        Assert.Equal("v2", (await classifier.ClassifyAsync(null, "text", CancellationToken)).ModelVersion);
    }

    [Fact]
    public async Task Many_swaps_end_in_the_last_version_with_the_predictions_of_a_new_process()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        var classifier = NewClassifier();
        await classifier.ClassifyAsync(null, "text", CancellationToken);
        for (var version = 2; version <= 5; version++)
        {
            await PublishAsync("news", $"v{version}", version, "a", "b");
            await classifier.RefreshAsync(CancellationToken);
        }

        await UntilAsync(() => classifier.Status.Classifiers[0] is { Version: "v5", Merged: true });
        var fresh = NewClassifier();
        await fresh.ClassifyAsync(null, "text", CancellationToken);
        await UntilAsync(() => fresh.Status.Classifiers[0].Merged);

        Assert.Equal(
            (await fresh.ClassifyAsync(null, "Oil rises.", CancellationToken)).Probabilities,
            (await classifier.ClassifyAsync(null, "Oil rises.", CancellationToken)).Probabilities);
    }

    [Theory]
    [InlineData("adapter_model.safetensors", "no weights")]
    [InlineData("labels.json", """{"labels":["a","b","c"],"maxTokens":64,"temperature":1}""")]
    [InlineData("adapter_config.json", """{"peft_type":"LORA","task_type":"SEQ_CLS","use_dora":true}""")]
    public async Task A_new_version_that_cannot_be_used_leaves_the_old_one_serving_with_a_problem(string file, string content)
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        var classifier = NewClassifier();
        await classifier.ClassifyAsync(null, "text", CancellationToken);
        ToyModel.WriteAdapter(Path.Combine(Folder.Path, "bad"), 2, "a", "b");
        Folder.File($"bad/{file}", content);

        await ToyModel.PublishFolderAsync(Registry, "news", "v2", Path.Combine(Folder.Path, "bad"));
        await classifier.RefreshAsync(CancellationToken);

        Assert.Equal("v1", (await classifier.ClassifyAsync(null, "text", CancellationToken)).ModelVersion);
        Assert.Contains("Version v2 cannot be used", classifier.Status.Classifiers[0].Problem);
        Assert.True(classifier.Status.Healthy);

        await PublishAsync("news", "v3", 3, "a", "b");
        await classifier.RefreshAsync(CancellationToken);
        Assert.Equal("v3", (await classifier.ClassifyAsync(null, "text", CancellationToken)).ModelVersion);
        Assert.Null(classifier.Status.Classifiers[0].Problem);
    }

    [Fact]
    public async Task A_damaged_upload_is_never_served()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        var classifier = NewClassifier();
        await classifier.ClassifyAsync(null, "text", CancellationToken);
        await PublishAsync("news", "v2", 2, "a", "b");
        var blob = Storage.Container(StorageNames.ModelsContainer).GetBlobClient("adapters/news/v2/adapter_model.safetensors");
        var bytes = (await blob.DownloadContentAsync(CancellationToken)).Value.Content.ToArray();
        bytes[^1] ^= 1;
        await blob.UploadAsync(BinaryData.FromBytes(bytes), overwrite: true, CancellationToken);

        await classifier.RefreshAsync(CancellationToken);

        Assert.Equal("v1", (await classifier.ClassifyAsync(null, "text", CancellationToken)).ModelVersion);
        Assert.Contains("damaged", classifier.Status.Classifiers[0].Problem);
    }

    [Fact]
    public async Task A_version_is_tried_before_it_is_promoted_if_a_model_is_loaded()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        ToyModel.WriteAdapter(Path.Combine(Folder.Path, "v2"), 2, "a", "b");
        Folder.File("v2/labels.json", """{"labels":["a","b","c"],"maxTokens":64,"temperature":1}""");
        await Registry.Versions.UploadAsync("news", "v2", Path.Combine(Folder.Path, "v2"), ToyModel.Base, null, null, CancellationToken);
        var classifier = NewClassifier();

        await classifier.TryVersionAsync("news", "v2", CancellationToken);
        var cold = classifier.Status.State;
        await classifier.ClassifyAsync(null, "text", CancellationToken);
        await classifier.TryVersionAsync("news", "v1", CancellationToken);
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => classifier.TryVersionAsync("news", "v2", CancellationToken));

        Assert.Equal(ModelState.Cold, cold);
        Assert.Contains("3 labels and a head for 2", error.Message, StringComparison.Ordinal);
        Assert.Equal("v1", (await classifier.ClassifyAsync(null, "text", CancellationToken)).ModelVersion);
    }

    [Fact]
    public async Task A_merge_that_is_interrupted_by_the_end_of_the_process_is_not_an_error()
    {
        var log = new LogLines<ArticleClassifier>();
        await PublishAsync("news", "v1", 1, "a", "b");
        var classifier = NewClassifier(log: log);
        await classifier.ClassifyAsync(null, "text", CancellationToken);
        await PublishAsync("news", "v2", 2, "a", "b");
        await classifier.RefreshAsync(CancellationToken);

        await classifier.DisposeAsync();

        Assert.Equal("v2", classifier.Status.Version);
        Assert.Empty(log.Errors);
    }

    private static async Task<List<string>> ClassifyUntilAsync(ArticleClassifier classifier, CancellationToken stop)
    {
        var versions = new List<string>();
        while (!stop.IsCancellationRequested)
        {
            versions.Add((await classifier.ClassifyAsync(null, "text", CancellationToken.None)).ModelVersion);
        }

        return versions;
    }
}
