using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Models;
using Serverless.Serving;
using Serverless.Training;
using Serverless.UnitTests.Samples;

namespace Serverless.UnitTests.Serving;

public sealed class StarterServingTests(Emulator emulator) : IDisposable
{
    private readonly TemporaryFolder cache = new();

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public void Dispose() => cache.Dispose();

    [Fact]
    public async Task In_an_empty_storage_account_the_starter_classifies_70_percent_correctly()
    {
        var storage = await emulator.NewAccountAsync();
        var runs = new TrainingRuns(storage);
        var registry = new ModelRegistry(storage, runs, cache.Path, TimeProvider.System);
        await new StarterModel(registry, NullLogger<StarterModel>.Instance).EnsureAsync(StarterModel.Folder, CancellationToken);
        var log = NullLogger<ArticleClassifier>.Instance;
        await using var classifier = new ArticleClassifier(new ClassifierOptions(), registry, runs, TimeProvider.System, log);
        var articles = SampleFiles.ReadJsonLines("articles.jsonl");

        var predictions = await Task.WhenAll(articles.Select(article => classifier.ClassifyAsync(null, article.Text, CancellationToken)));

        var correct = articles.Zip(predictions).Count(pair => pair.First.Label == pair.Second.Label);
        Assert.True(correct >= 0.7 * articles.Length, $"{correct} of {articles.Length} articles have the label that an editor gave them.");
    }
}
