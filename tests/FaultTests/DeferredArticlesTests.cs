using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Serverless.Articles;
using Serverless.FaultTests.Checks;
using Serverless.FaultTests.Faults;
using Serverless.FaultTests.Programs;
using Serverless.FaultTests.Report;
using Serverless.Models;
using Serverless.Storage;

namespace Serverless.FaultTests;

/// <summary>What is not an article's fault costs it no attempt, and what fails for good is kept.</summary>
public sealed class DeferredArticlesTests
{
    private const int RequestTexts = 256;
    private const int CallsAtOnce = 4;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_classifier_that_cannot_be_loaded_does_not_hold_up_another()
    {
        var articles = Scale.Get("UNLOADABLE_ARTICLES", 20);
        await ReliabilityReport.RecordAsync(
            "A classifier that cannot be loaded beside a healthy one",
            $"{CallsAtOnce} requests of {RequestTexts} texts and {articles} articles of the queue for the one, {articles} requests and {articles} articles for the other",
            "the healthy one answers every request with 200 and classifies every article; the articles of the other are classified once it can be loaded; none failed",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                var labels = await BreakAsync(installation, "broken");
                await using var functions = await installation.StartFunctions().ReadyAsync();
                var body = JsonSerializer.Serialize(Enumerable.Range(0, RequestTexts).Select(number => new { text = Articles.Text(number) }));
                var refused = Enumerable.Range(0, CallsAtOnce).Select(_ => functions.PostAsync("classify/broken", body)).ToList();
                await SendAsync(installation, articles, "broken");
                await SendAsync(installation, articles, "news");

                for (var call = 0; call < articles; call++)
                {
                    Assert.Equal(HttpStatusCode.OK, (await functions.PostAsync("classify/news", """{"text":"The cup final."}""")).Status);
                }

                await ResultsCheck.CompleteAsync(installation.Storage, Ids(articles, "news"));
                Assert.All(await Task.WhenAll(refused), response => Assert.Equal(HttpStatusCode.ServiceUnavailable, response.Status));
                var repaired = Stopwatch.GetTimestamp();
                await labels.RestoreAsync();
                await ResultsCheck.CompleteAsync(installation.Storage, Ids(articles, "broken"), "broken");
                var seconds = Stopwatch.GetElapsedTime(repaired).TotalSeconds;

                await AllClassifiedAsync(installation, articles, "news");
                await AllClassifiedAsync(installation, articles, "broken");
                return $"{2 * articles} articles classified, none failed; the last one {seconds:0} s after the repair";
            });
    }

    [Fact]
    public async Task An_outage_of_blobs_and_tables_with_a_backlog_fails_no_article()
    {
        var (articles, outage) = (Scale.Get("BACKLOG_ARTICLES", 40), TimeSpan.FromSeconds(Scale.Get("BACKLOG_OUTAGE_SECONDS", 15)));
        await ReliabilityReport.RecordAsync(
            "Blobs and tables are unreachable while the queue delivers a backlog",
            $"{outage.TotalSeconds:0} s, {articles} articles",
            "no article failed; all are classified after the outage",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                await using var functions = await installation.StartFunctions().ReadyAsync();
                var isOver = false;
                installation.Proxy.Before = request => Task.FromResult(isOver || request.Contains("/messages", StringComparison.Ordinal));
                await SendAsync(installation, articles, "news");
                await Task.Delay(outage, CancellationToken);
                var during = (await ResultsCheck.AllAsync(installation.Storage)).Count;

                var ended = Stopwatch.GetTimestamp();
                isOver = true;
                await ResultsCheck.CompleteAsync(installation.Storage, Ids(articles, "news"));
                var seconds = Stopwatch.GetElapsedTime(ended).TotalSeconds;

                Assert.Equal(0, during);
                await AllClassifiedAsync(installation, articles, "news");
                return $"{articles} classified, none failed; the last one {seconds:0} s after the outage";
            });
    }

    [Fact]
    public async Task An_article_that_fails_for_good_is_kept_and_classified_after_a_replay() => await ReliabilityReport.RecordAsync(
        "The worker is killed in every attempt at one article, which is then replayed",
        $"{ArticleLimits.Attempts} kills",
        "the article has a failed result, its text is kept with the time at which it was enqueued; after a replay it is classified and no longer kept",
        async () =>
        {
            await using var installation = await Installation.StartAsync();
            await using var functions = await installation.StartFunctions().ReadyAsync();
            var hash = Sha256Hex.HashText(Articles.Id(0));
            var kills = 0;
            installation.Proxy.Before = async request =>
            {
                if (kills < ArticleLimits.Attempts && request.StartsWith($"PUT results/news/{hash}", StringComparison.Ordinal))
                {
                    kills++;
                    await functions.KillWorkerAsync();
                    return false;
                }

                return true;
            };

            var sent = DateTimeOffset.UtcNow;
            await Articles.SendAsync(installation.Storage, 0);
            await ResultsCheck.CompleteAsync(installation.Storage, [Articles.Id(0)]);
            var failed = Assert.Single((await ResultsCheck.AllAsync(installation.Storage)).Values);
            var (_, list) = await functions.GetAsync("failed/news");
            var kept = Assert.Single(JsonDocument.Parse(list).RootElement.GetProperty("items").EnumerateArray());
            var (status, replay) = await functions.PostAsync("failed/news", "");
            await Eventually.TrueAsync(
                async () => (await new ResultStore(installation.Storage).FindAsync("news", Articles.Id(0), CancellationToken))?.Status == ClassificationStatus.Classified,
                "a classified result");

            Assert.Equal((ClassificationStatus.Failed, ArticleLimits.Attempts), (failed.Status, kills));
            Assert.InRange(kept.GetProperty("enqueuedAt").GetDateTimeOffset(), sent.AddSeconds(-2), sent.AddMinutes(1));
            Assert.Equal((HttpStatusCode.OK, """{"classifier":"news","replayed":1,"more":false}"""), (status, replay));
            Assert.Empty(JsonDocument.Parse((await functions.GetAsync("failed/news")).Body).RootElement.GetProperty("items").EnumerateArray());
            return $"failed after {kills} kills; classified after the replay";
        });

    [Fact]
    public async Task Twenty_people_who_label_one_article_at_once_are_all_answered() => await ReliabilityReport.RecordAsync(
        "Many people label one article at once",
        "20 requests at once",
        "every request is answered with 200; the article has one of the labels",
        async () =>
        {
            await using var installation = await Installation.StartAsync();
            installation.Settings["Classifier__ReviewThreshold"] = "1";
            await using var functions = await installation.StartFunctions().ReadyAsync();
            await Articles.SendAsync(installation.Storage, 0);
            await ResultsCheck.CompleteAsync(installation.Storage, [Articles.Id(0)]);

            var responses = await Task.WhenAll(Enumerable.Range(0, 20).Select(person =>
                functions.PostAsync($"review/news/{Articles.Id(0)}", person % 2 == 0 ? """{"label":"World"}""" : """{"label":"Sports"}""")));

            Assert.All(responses, response => Assert.Equal(HttpStatusCode.OK, response.Status));
            Assert.Empty(JsonDocument.Parse((await functions.GetAsync("review/news")).Body).RootElement.GetProperty("items").EnumerateArray());
            return "20 × 200";
        });

    private static string Id(int number, string classifier) => $"{classifier}/{number}";

    private static string[] Ids(int count, string classifier) => [.. Enumerable.Range(0, count).Select(number => Id(number, classifier))];

    private static async Task SendAsync(Installation installation, int count, string classifier)
    {
        var sender = new ArticleSender(installation.Storage, new ArticleBlobStore(installation.Storage));
        for (var number = 0; number < count; number++)
        {
            var article = new ArticleMessage(Id(number, classifier)) { Text = Articles.Text(number), Classifier = classifier };
            await sender.SendAsync(article, CancellationToken);
        }
    }

    private static async Task AllClassifiedAsync(Installation installation, int count, string classifier)
    {
        var results = await ResultsCheck.ExactlyOneEachAsync(installation.Storage, Ids(count, classifier), classifier);
        Assert.All(results.Values, result => Assert.Equal(ClassificationStatus.Classified, result.Status));
    }

    /// <summary>Publishes the starter under another name, without one of its files.</summary>
    private static async Task<RemovedBlob> BreakAsync(Installation installation, string classifier)
    {
        var adapter = Path.Combine(StarterModel.Folder, "adapters", "news");
        await installation.Registry.Versions.UploadAsync(classifier, "v1", adapter, StarterModel.BaseModel, null, null, CancellationToken);
        await installation.Registry.Pointers.PublishAsync(classifier, "v1", expected: null, CancellationToken);
        return await RemovedBlob.RemoveAsync(
            installation.Storage.Container(StorageNames.ModelsContainer).GetBlobClient(StorageNames.VersionFolder(classifier, "v1") + "labels.json"), CancellationToken);
    }
}
