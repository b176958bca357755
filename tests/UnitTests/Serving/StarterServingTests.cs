using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Models;
using Serverless.Serving;
using Serverless.UnitTests.Samples;

namespace Serverless.UnitTests.Serving;

public sealed class StarterServingTests(Emulator emulator) : IDisposable
{
    private readonly TemporaryFolder cache = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => cache.Dispose();

    [Fact]
    public async Task In_an_empty_storage_account_the_starter_classifies_the_first_articles_sensibly()
    {
        var registry = new ModelRegistry(await emulator.NewAccountAsync(), cache.Path, TimeProvider.System);
        await new StarterModel(registry, NullLogger<StarterModel>.Instance).EnsureAsync(StarterModel.Folder, Cancel);
        using var classifier = new ArticleClassifier(new ClassifierOptions(), registry, TimeProvider.System, NullLogger<ArticleClassifier>.Instance);
        var articles = SampleFiles.ReadJsonLines("articles.jsonl");

        var answers = await Task.WhenAll(articles.Select(article => classifier.ClassifyAsync(null, article.Text, Cancel)));

        var right = articles.Zip(answers).Count(pair => pair.First.Label == pair.Second.Label);
        Assert.True(right >= 0.7 * articles.Length, $"{right} of {articles.Length} articles are labelled as an editor labelled them.");
    }
}
