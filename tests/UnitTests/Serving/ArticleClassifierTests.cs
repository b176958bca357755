using Serverless.Serving;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.UnitTests.Serving;

public sealed class ArticleClassifierTests(Emulator emulator) : ServingTest(emulator)
{
    [Fact]
    public async Task Nothing_is_loaded_before_the_first_question_and_the_status_asks_none()
    {
        var classifier = NewClassifier();

        var status = classifier.Status;

        Assert.Equal(ModelState.Cold, status.State);
        Assert.True(status.Healthy);
        await classifier.RefreshAsync(Cancel);
        Assert.Equal(ModelState.Cold, classifier.Status.State);
    }

    [Fact]
    public async Task The_first_question_loads_the_model_and_is_answered_with_all_probabilities()
    {
        await PublishAsync("news", "v1", 1, "World", "Sports", "Business");
        var classifier = NewClassifier();

        var answer = await classifier.ClassifyAsync(null, "Oil rises.", Cancel);

        Assert.Equal(["World", "Sports", "Business"], answer.Probabilities.Keys);
        Assert.Equal(1, answer.Probabilities.Values.Sum(), 6);
        Assert.Equal(answer.Probabilities.Values.Max(), answer.Score);
        Assert.Equal(answer.Score, answer.Probabilities[answer.Label]);
        Assert.Equal(("v1", 11, false), (answer.ModelVersion, answer.Tokens, answer.Truncated));
        Assert.Equal((ModelState.Ready, "v1"), (classifier.Status.State, classifier.Status.Version));
    }

    [Fact]
    public async Task A_text_longer_than_the_model_reads_is_cut_and_says_so()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        var classifier = NewClassifier();

        var answer = await classifier.ClassifyAsync(null, new string('x', 1000), Cancel);

        Assert.True(answer.Truncated);
        Assert.Equal(64, answer.Tokens);
    }

    [Fact]
    public async Task Questions_that_come_together_get_the_answers_that_they_get_alone()
    {
        await PublishAsync("news", "v1", 1, "a", "b", "c");
        var classifier = NewClassifier();
        var texts = Enumerable.Range(0, 40).Select(i => new string((char)('a' + i % 26), 1 + i)).ToArray();
        await classifier.ClassifyAsync(null, "warm up", Cancel);
        await Until(() => classifier.Status.Classifiers[0].Merged);

        var alone = new List<Prediction>();
        foreach (var text in texts)
        {
            alone.Add(await classifier.ClassifyAsync(null, text, Cancel));
        }

        var together = await Task.WhenAll(texts.Select(text => classifier.ClassifyAsync(null, text, Cancel)));

        for (var i = 0; i < texts.Length; i++)
        {
            Assert.Equal(alone[i].Probabilities["a"], together[i].Probabilities["a"], 0.02); // bf16
        }
    }

    [Fact]
    public async Task The_default_classifier_is_merged_in_the_background_and_answers_the_same()
    {
        await PublishAsync("news", "v1", 1, "a", "b", "c");
        await PublishAsync("beside", "v1", 1, "a", "b", "c");
        var classifier = NewClassifier();
        await classifier.ClassifyAsync("news", "text", Cancel);
        await Until(() => classifier.Status.Classifiers[0].Merged);

        var merged = await classifier.ClassifyAsync("news", "Oil rises.", Cancel);
        var beside = await classifier.ClassifyAsync("beside", "Oil rises.", Cancel);

        Assert.Equal(beside.Probabilities["a"], merged.Probabilities["a"], 0.02); // bf16
        Assert.Equal([("beside", false), ("news", true)], classifier.Status.Classifiers.Select(status => (status.Name, status.Merged)));
    }

    [Fact]
    public async Task Several_classifiers_stand_on_one_base_and_keep_their_own_labels()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        await PublishAsync("sport", "v7", 2, "tennis", "chess", "golf");
        var classifier = NewClassifier();

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(i => classifier.ClassifyAsync(i % 2 == 0 ? "news" : "sport", "text", Cancel)));

        Assert.All(answers.Where((_, i) => i % 2 == 0), answer => Assert.Equal(("v1", 2), (answer.ModelVersion, answer.Probabilities.Count)));
        Assert.All(answers.Where((_, i) => i % 2 == 1), answer => Assert.Equal(("v7", 3), (answer.ModelVersion, answer.Probabilities.Count)));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("../models")]
    [InlineData("")]
    public async Task A_classifier_that_was_never_published_is_unknown_and_not_remembered(string name)
    {
        await UploadBaseAsync();
        var classifier = NewClassifier();

        await Assert.ThrowsAsync<UnknownClassifierException>(() => classifier.ClassifyAsync(name, "text", Cancel));

        Assert.Empty(classifier.Status.Classifiers);
        Assert.True(classifier.Status.Healthy);
    }

    [Fact]
    public async Task A_classifier_that_turns_out_to_be_unknown_when_nobody_waits_any_more_is_not_remembered_either()
    {
        await ToyModel.PublishAsync(Registry, "news", "v1", 1, "a", "b"); // and no base, so that the load fails
        var classifier = NewClassifier();
        await LetLoadFailAsync(classifier);

        await ReplaceAsync("adapters/news/current.json", content: null);

        await Until(() => classifier.Status.Classifiers.Count == 0);
        Assert.True(classifier.Status.Healthy);
    }

    [Fact]
    public async Task A_classifier_is_known_as_soon_as_it_is_published()
    {
        var classifier = NewClassifier();
        await Assert.ThrowsAsync<UnknownClassifierException>(() => classifier.ClassifyAsync("news", "text", Cancel));

        await PublishAsync("news", "v1", 1, "a", "b");

        Assert.Equal("v1", (await classifier.ClassifyAsync("news", "text", Cancel)).ModelVersion);
    }

    [Fact]
    public async Task A_newly_published_version_is_swapped_in_while_questions_are_answered()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        var classifier = NewClassifier();
        await classifier.ClassifyAsync(null, "text", Cancel);
        using var stop = new CancellationTokenSource();
        var asking = Task.Run(() => AskUntil(classifier, stop.Token), Cancel);

        await PublishAsync("news", "v2", 2, "c", "d", "e");
        await classifier.RefreshAsync(Cancel);
        await Until(() => classifier.Status.Classifiers[0] is { Version: "v2", Merged: true });
        await stop.CancelAsync();

        var versions = await asking;
        Assert.Equal(versions.Order(StringComparer.Ordinal), versions);
        Assert.Equal("v2", (await classifier.ClassifyAsync(null, "text", Cancel)).ModelVersion);
    }

    [Fact]
    public async Task Many_swaps_end_in_the_last_version_with_the_answers_of_a_fresh_process()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        var classifier = NewClassifier();
        await classifier.ClassifyAsync(null, "text", Cancel);
        for (var version = 2; version <= 5; version++)
        {
            await PublishAsync("news", $"v{version}", version, "a", "b");
            await classifier.RefreshAsync(Cancel);
        }

        await Until(() => classifier.Status.Classifiers[0] is { Version: "v5", Merged: true });
        var fresh = NewClassifier();
        await fresh.ClassifyAsync(null, "text", Cancel);
        await Until(() => fresh.Status.Classifiers[0].Merged);

        Assert.Equal(
            (await fresh.ClassifyAsync(null, "Oil rises.", Cancel)).Probabilities,
            (await classifier.ClassifyAsync(null, "Oil rises.", Cancel)).Probabilities);
    }

    [Theory]
    [InlineData("adapter_model.safetensors", "no weights")]
    [InlineData("labels.json", """{"labels":["a","b","c"],"maxTokens":64,"temperature":1}""")]
    [InlineData("adapter_config.json", """{"peft_type":"LORA","task_type":"SEQ_CLS","use_dora":true}""")]
    public async Task A_new_version_that_cannot_be_used_leaves_the_old_one_serving_and_the_status_says_so(string file, string content)
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        var classifier = NewClassifier();
        await classifier.ClassifyAsync(null, "text", Cancel);
        ToyModel.WriteAdapter(Path.Combine(Folder.Path, "bad"), 2, "a", "b");
        Folder.File($"bad/{file}", content);

        await ToyModel.PublishFolderAsync(Registry, "news", "v2", Path.Combine(Folder.Path, "bad"));
        await classifier.RefreshAsync(Cancel);

        Assert.Equal("v1", (await classifier.ClassifyAsync(null, "text", Cancel)).ModelVersion);
        Assert.Contains("Version v2 cannot be used", classifier.Status.Classifiers[0].Problem);
        Assert.True(classifier.Status.Healthy);

        await PublishAsync("news", "v3", 3, "a", "b");
        await classifier.RefreshAsync(Cancel);
        Assert.Equal("v3", (await classifier.ClassifyAsync(null, "text", Cancel)).ModelVersion);
        Assert.Null(classifier.Status.Classifiers[0].Problem);
    }

    [Fact]
    public async Task A_damaged_upload_is_never_served()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        var classifier = NewClassifier();
        await classifier.ClassifyAsync(null, "text", Cancel);
        await PublishAsync("news", "v2", 2, "a", "b");
        var blob = Storage.Container(StorageNames.ModelsContainer).GetBlobClient("adapters/news/v2/adapter_model.safetensors");
        var bytes = (await blob.DownloadContentAsync(Cancel)).Value.Content.ToArray();
        bytes[^1] ^= 1;
        await blob.UploadAsync(BinaryData.FromBytes(bytes), overwrite: true, Cancel);

        await classifier.RefreshAsync(Cancel);

        Assert.Equal("v1", (await classifier.ClassifyAsync(null, "text", Cancel)).ModelVersion);
        Assert.Contains("damaged", classifier.Status.Classifiers[0].Problem);
    }

    [Theory]
    [InlineData("adapter_model.safetensors", "no weights", "is damaged")]
    [InlineData("adapter_model.safetensors", null, "is missing")]
    [InlineData("manifest.json", "{}", "The manifest of version 'v2'")]
    public async Task A_process_that_starts_while_the_newest_version_cannot_be_used_serves_the_one_before_and_says_so(string file, string? content, string problem)
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        await PublishAsync("news", "v2", 2, "a", "b");
        var runs = new TrainingRuns(Storage);
        await runs.WriteAsync(new TrainingRun("news", "v2") { State = TrainingState.Published }, Cancel);
        await ReplaceAsync($"adapters/news/v2/{file}", content);

        var classifier = NewClassifier();
        var answer = await classifier.ClassifyAsync(null, "text", Cancel);
        var status = classifier.Status.Classifiers[0];
        await PublishAsync("news", "v3", 3, "a", "b");
        await classifier.RefreshAsync(Cancel);

        Assert.Equal("v1", answer.ModelVersion);
        Assert.Equal((ModelState.Ready, "v1"), (status.State, status.Version));
        Assert.StartsWith("Version v2 cannot be used", status.Problem, StringComparison.Ordinal);
        Assert.Contains(problem, status.Problem, StringComparison.Ordinal);
        Assert.Contains(problem, (await runs.FindAsync("news", "v2", Cancel))!.ServingProblem, StringComparison.Ordinal);
        Assert.Equal("v3", (await classifier.ClassifyAsync(null, "text", Cancel)).ModelVersion);
    }

    [Fact]
    public async Task A_process_that_starts_passes_over_every_version_that_computes_nonsense()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        foreach (var version in new[] { "v2", "v3" })
        {
            ToyModel.WriteAdapter(Path.Combine(Folder.Path, version), 2, "a", "b");
            Folder.File($"{version}/labels.json", """{"labels":["a","b"],"maxTokens":64,"temperature":0}""");
            await ToyModel.PublishFolderAsync(Registry, "news", version, Path.Combine(Folder.Path, version));
        }

        var answer = await NewClassifier().ClassifyAsync(null, "text", Cancel);

        Assert.Equal("v1", answer.ModelVersion);
    }

    [Fact]
    public async Task A_version_is_tried_before_it_is_promoted_where_a_model_is_loaded()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        ToyModel.WriteAdapter(Path.Combine(Folder.Path, "v2"), 2, "a", "b");
        Folder.File("v2/labels.json", """{"labels":["a","b","c"],"maxTokens":64,"temperature":1}""");
        await Registry.UploadVersionAsync("news", "v2", Path.Combine(Folder.Path, "v2"), ToyModel.Base, null, null, Cancel);
        var classifier = NewClassifier();

        await classifier.TryVersionAsync("news", "v2", Cancel);
        var cold = classifier.Status.State;
        await classifier.ClassifyAsync(null, "text", Cancel);
        await classifier.TryVersionAsync("news", "v1", Cancel);
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => classifier.TryVersionAsync("news", "v2", Cancel));

        Assert.Equal(ModelState.Cold, cold);
        Assert.Contains("3 labels and a head for 2", error.Message, StringComparison.Ordinal);
        Assert.Equal("v1", (await classifier.ClassifyAsync(null, "text", Cancel)).ModelVersion);
    }

    [Fact]
    public async Task A_version_trained_on_another_base_is_not_served()
    {
        await UploadBaseAsync();
        ToyModel.WriteAdapter(Path.Combine(Folder.Path, "other"), 1, "a", "b");
        await Registry.UploadVersionAsync("news", "v1", Path.Combine(Folder.Path, "other"), "tests/other", null, null, Cancel);
        await Registry.PublishAsync("news", "v1", expected: null, Cancel);
        Options = Options with { LoadWait = TimeSpan.FromSeconds(1) };
        var classifier = NewClassifier();
        await LetLoadFailAsync(classifier);

        var error = await Assert.ThrowsAsync<ModelNotReadyException>(() => classifier.ClassifyAsync(null, "text", Cancel));

        Assert.Contains("'tests/other'", error.Message);
        Assert.Equal(ModelState.Failed, classifier.Status.State);
        Assert.False(classifier.Status.Healthy);
    }

    [Fact]
    public async Task A_load_that_failed_is_tried_again_until_it_succeeds()
    {
        await ToyModel.PublishAsync(Registry, "news", "v1", 1, "a", "b");
        var classifier = NewClassifier();

        var asked = classifier.ClassifyAsync(null, "text", Cancel);
        await Until(() => classifier.Status.State == ModelState.Failed);
        Assert.Contains("There is no base model", classifier.Status.Classifiers[0].Problem);
        await UploadBaseAsync();

        Assert.Equal("v1", (await asked).ModelVersion);
        Assert.Equal(ModelState.Ready, classifier.Status.State);
        Assert.Null(classifier.Status.Classifiers[0].Problem);
    }

    [Fact]
    public async Task A_full_waiting_room_turns_the_next_text_away()
    {
        await ToyModel.PublishAsync(Registry, "news", "v1", 1, "a", "b"); // and no base, so that the first must wait
        Options = Options with { QueueCapacity = 1 };
        var classifier = NewClassifier();
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var first = classifier.ClassifyAsync(null, "text", leaving.Token);
        Assert.Equal(1, classifier.Status.InFlight);

        await Assert.ThrowsAsync<QueueFullException>(() => classifier.ClassifyAsync(null, "text", Cancel));

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(0, classifier.Status.InFlight);
    }

    [Fact]
    public async Task Texts_that_belong_together_are_let_in_whole_or_not_at_all()
    {
        await ToyModel.PublishAsync(Registry, "news", "v1", 1, "a", "b"); // and no base, so that the first must wait
        Options = Options with { QueueCapacity = 4 };
        var classifier = NewClassifier();
        var first = classifier.ClassifyAsync(null, ["one", "two"], Cancel);

        await Assert.ThrowsAsync<QueueFullException>(() => classifier.ClassifyAsync(null, ["three", "four", "five"], Cancel));
        Assert.Equal(2, classifier.Status.InFlight);
        await UploadBaseAsync();
        var answers = await first;
        var more = await classifier.ClassifyAsync(null, ["1", "2", "3", "4", "5"], Cancel); // than there is room for, when nobody else is there

        Assert.Equal((2, 5, 0), (answers.Length, more.Length, classifier.Status.InFlight));
    }

    [Fact]
    public async Task A_caller_who_leaves_is_let_go_at_once()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        var classifier = NewClassifier();
        await classifier.ClassifyAsync(null, "text", Cancel);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => classifier.ClassifyAsync(null, "text", new CancellationToken(canceled: true)));
    }

    private async Task PublishAsync(string classifier, string version, int seed, params string[] labels)
    {
        await UploadBaseAsync();
        await ToyModel.PublishAsync(Registry, classifier, version, seed, labels);
    }

    private static async Task<List<string>> AskUntil(ArticleClassifier classifier, CancellationToken stop)
    {
        var versions = new List<string>();
        while (!stop.IsCancellationRequested)
        {
            versions.Add((await classifier.ClassifyAsync(null, "text", CancellationToken.None)).ModelVersion);
        }

        return versions;
    }
}
