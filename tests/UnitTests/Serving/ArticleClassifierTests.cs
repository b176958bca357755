using Serverless.Serving;

namespace Serverless.UnitTests.Serving;

public sealed class ArticleClassifierTests(Emulator emulator) : ServingTest(emulator)
{
    [Fact]
    public async Task Neither_a_new_process_nor_reading_its_status_loads_a_model()
    {
        var classifier = NewClassifier();

        var status = classifier.Status;

        Assert.Equal(ModelState.Cold, status.State);
        Assert.True(status.Healthy);
        await classifier.RefreshAsync(CancellationToken);
        Assert.Equal(ModelState.Cold, classifier.Status.State);
    }

    [Fact]
    public async Task The_first_request_loads_the_model_and_returns_all_probabilities()
    {
        await PublishAsync("news", "v1", 1, "World", "Sports", "Business");
        var classifier = NewClassifier();

        var prediction = await classifier.ClassifyAsync(null, "Oil rises.", CancellationToken);

        Assert.Equal(["World", "Sports", "Business"], prediction.Probabilities.Keys);
        Assert.Equal(1, prediction.Probabilities.Values.Sum(), 6);
        Assert.Equal(prediction.Probabilities.Values.Max(), prediction.Score);
        Assert.Equal(prediction.Score, prediction.Probabilities[prediction.Label]);
        Assert.Equal(("v1", 11, false), (prediction.ModelVersion, prediction.Tokens, prediction.Truncated));
        Assert.Equal((ModelState.Ready, "v1"), (classifier.Status.State, classifier.Status.Version));
    }

    [Fact]
    public async Task A_text_longer_than_the_model_reads_is_truncated_and_marked_so()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        var classifier = NewClassifier();

        var prediction = await classifier.ClassifyAsync(null, new string('x', 1000), CancellationToken);

        Assert.True(prediction.Truncated);
        Assert.Equal(64, prediction.Tokens);
    }

    [Fact]
    public async Task Concurrent_requests_get_the_predictions_that_they_get_alone()
    {
        await PublishAsync("news", "v1", 1, "a", "b", "c");
        var classifier = NewClassifier();
        var texts = Enumerable.Range(0, 40).Select(i => new string((char)('a' + i % 26), 1 + i)).ToArray();
        await classifier.ClassifyAsync(null, "warm up", CancellationToken);
        await UntilAsync(() => classifier.Status.Classifiers[0].Merged);

        var alone = new List<Prediction>();
        foreach (var text in texts)
        {
            alone.Add(await classifier.ClassifyAsync(null, text, CancellationToken));
        }

        var together = await Task.WhenAll(texts.Select(text => classifier.ClassifyAsync(null, text, CancellationToken)));

        for (var i = 0; i < texts.Length; i++)
        {
            Assert.Equal(alone[i].Probabilities["a"], together[i].Probabilities["a"], 0.02); // bf16
        }
    }

    [Fact]
    public async Task The_default_classifier_is_merged_in_the_background_and_predicts_the_same()
    {
        await PublishAsync("news", "v1", 1, "a", "b", "c");
        await PublishAsync("beside", "v1", 1, "a", "b", "c");
        var classifier = NewClassifier();
        await classifier.ClassifyAsync("news", "text", CancellationToken);
        await UntilAsync(() => classifier.Status.Classifiers[0].Merged);

        var merged = await classifier.ClassifyAsync("news", "Oil rises.", CancellationToken);
        var beside = await classifier.ClassifyAsync("beside", "Oil rises.", CancellationToken);

        Assert.Equal(beside.Probabilities["a"], merged.Probabilities["a"], 0.02); // bf16
        Assert.Equal([("beside", false), ("news", true)], classifier.Status.Classifiers.Select(status => (status.Name, status.Merged)));
    }

    [Fact]
    public async Task Several_classifiers_share_one_base_and_keep_their_own_labels()
    {
        await PublishAsync("news", "v1", 1, "a", "b");
        await PublishAsync("sport", "v7", 2, "tennis", "chess", "golf");
        var classifier = NewClassifier();

        var predictions = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(i => classifier.ClassifyAsync(i % 2 == 0 ? "news" : "sport", "text", CancellationToken)));

        Assert.All(predictions.Where((_, i) => i % 2 == 0), prediction => Assert.Equal(("v1", 2), (prediction.ModelVersion, prediction.Probabilities.Count)));
        Assert.All(predictions.Where((_, i) => i % 2 == 1), prediction => Assert.Equal(("v7", 3), (prediction.ModelVersion, prediction.Probabilities.Count)));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("../models")]
    [InlineData("")]
    public async Task A_classifier_that_was_never_published_is_unknown_and_is_removed(string name)
    {
        await UploadBaseAsync();
        var classifier = NewClassifier();

        await Assert.ThrowsAsync<UnknownClassifierException>(() => classifier.ClassifyAsync(name, "text", CancellationToken));

        Assert.Empty(classifier.Status.Classifiers);
        Assert.True(classifier.Status.Healthy);
    }

    [Fact]
    public async Task A_classifier_found_to_be_unknown_after_its_callers_left_is_removed_too()
    {
        await ToyModel.PublishAsync(Registry, "news", "v1", 1, "a", "b"); // and no base, so that the load fails
        var classifier = NewClassifier();
        await LetLoadFailAsync(classifier);

        await ReplaceAsync("adapters/news/current.json", content: null);

        await UntilAsync(() => classifier.Status.Classifiers.Count == 0);
        Assert.True(classifier.Status.Healthy);
    }

    [Fact]
    public async Task A_classifier_is_known_as_soon_as_it_is_published()
    {
        var classifier = NewClassifier();
        await Assert.ThrowsAsync<UnknownClassifierException>(() => classifier.ClassifyAsync("news", "text", CancellationToken));

        await PublishAsync("news", "v1", 1, "a", "b");

        Assert.Equal("v1", (await classifier.ClassifyAsync("news", "text", CancellationToken)).ModelVersion);
    }
}
