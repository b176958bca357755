using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Serverless.FaultTests.Checks;
using Serverless.FaultTests.Programs;
using Serverless.FaultTests.Report;
using Serverless.Storage;

namespace Serverless.FaultTests;

/// <summary>Input that is meant to break something: each ends in a result, a rejection or a 4xx, and the programs go on.</summary>
public sealed class HostileInputTests
{
    // A queue message holds 64 KiB of Base64.
    private const int MessageBytes = 48 << 10;

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Hostile_messages_end_in_a_result_or_a_rejection_and_stay_in_their_place()
    {
        var messages = Extent.Of("HOSTILE_MESSAGES", 250);
        await ReliabilityReport.RecordAsync(
            "Hostile queue messages",
            $"{messages} generated: random bytes, deep JSON, huge numbers, wrong types, nulls, halves of articles, flipped bits, path tricks, control characters, special tokens, confusables",
            "each has one result, classified or rejected with a reason; every blob lies at classifier/hash.json; the process never ends and its memory stays bounded; an ordinary article is classified after",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                await using var functions = installation.StartFunctions();
                var hostile = new Hostile(Extent.Seed);
                byte[][] bodies = [.. Enumerable.Range(0, messages).Select(_ => hostile.Body()).Where(body => body.Length <= MessageBytes)];
                await Articles.SendAsync(installation.Storage, 0);
                await ResultsCheck.CompleteAsync(installation.Storage, [Articles.Id(0)], TimeSpan.FromMinutes(3));
                var before = functions.Program.Megabytes;

                await Parallel.ForEachAsync(bodies, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Ended }, async (body, cancellationToken) =>
                    await installation.Storage.Queue(StorageNames.ArticlesQueue).SendMessageAsync(BinaryData.FromBytes(body), cancellationToken: cancellationToken));
                await ResultsCheck.QueueIsEmptyAsync(installation.Storage, StorageNames.ArticlesQueue, TimeSpan.FromMinutes(15));
                await Articles.SendAsync(installation.Storage, 1);
                await ResultsCheck.CompleteAsync(installation.Storage, [Articles.Id(1)], TimeSpan.FromMinutes(3));
                var grown = functions.Program.Megabytes - before;

                var wanted = bodies.Select(Place).Append($"news/{Sha256Hex.OfText(Articles.Id(0))}.json").Append($"news/{Sha256Hex.OfText(Articles.Id(1))}.json").ToHashSet();
                var results = await ResultsCheck.AllAsync(installation.Storage);
                Assert.Equal(wanted.Order(StringComparer.Ordinal), results.Keys.Order(StringComparer.Ordinal));
                Assert.All(results.Values, result => Assert.True(result.Status != ClassificationStatus.Failed && (result.Reason is not null) == (result.Status == ClassificationStatus.Rejected), result.ToJson()));
                Assert.InRange(grown, double.MinValue, 300);
                return $"{results.Values.Count(result => result.Status == ClassificationStatus.Rejected)} rejected, {results.Values.Count(result => result.Status == ClassificationStatus.Classified)} classified, none failed, none elsewhere; memory grew by {grown:0} MB";
            });
    }

    [Fact]
    public async Task Hostile_requests_end_in_an_answer_or_a_4xx()
    {
        var requests = Extent.Of("HOSTILE_REQUESTS", 250);
        await ReliabilityReport.RecordAsync(
            "Hostile HTTP bodies",
            $"{requests} generated, and one of 40 MB",
            "each is answered with 200 or 4xx, never 5xx; the process never ends and its memory stays bounded; an ordinary article is classified after",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                await using var functions = await installation.StartFunctions().ReadyAsync();
                var hostile = new Hostile(Extent.Seed + 1);
                var before = functions.Program.Megabytes;

                var statuses = new List<HttpStatusCode>();
                for (var number = 0; number < requests; number++)
                {
                    statuses.Add(await PostAsync(functions, hostile.Body(), number));
                }

                var tooLong = await PostAsync(functions, Hostile.Long(megabytes: 40), 0);
                var grown = functions.Program.Megabytes - before;

                Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLong);
                Assert.All(statuses, status => Assert.True(status == HttpStatusCode.OK || (int)status is >= 400 and < 500, $"{status}"));
                Assert.Equal(HttpStatusCode.OK, (await functions.PostAsync("classify", """{"text":"The cup final."}""")).Status);
                Assert.InRange(grown, double.MinValue, 300);
                return string.Join(", ", statuses.GroupBy(status => (int)status).OrderBy(group => group.Key).Select(group => $"{group.Count()} × {group.Key}")) + $"; 40 MB: 413; memory grew by {grown:0} MB";
            });
    }

    private static async Task<HttpStatusCode> PostAsync(FunctionsProgram functions, byte[] body, int number)
    {
        var path = (number % 4) switch { 0 => "classify", 1 => "classify/news", 2 => $"classify/{Uri.EscapeDataString(Encoding.UTF8.GetString(body, 0, Math.Min(8, body.Length)))}", _ => "classify" };
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(number % 3 == 0 ? "text/plain" : "application/json") } };
        try
        {
            using var answer = await functions.Http.PostAsync(new Uri(path, UriKind.Relative), content, Ended);
            return answer.StatusCode;
        }
        catch (HttpRequestException exception) when (body.Length > ArticleLimits.RequestBytes && exception.InnerException is IOException)
        {
            // Who goes on sending after the 413 has the connection closed under the fingers.
            return HttpStatusCode.RequestEntityTooLarge;
        }
    }

    /// <summary>Where the result of a message belongs, by the contract.</summary>
    private static string Place(byte[] body)
    {
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(body);
            return ArticleMessage.TryParse(text, out var article, out var rejection)
                ? Place(article.Classifier, article.Id)
                : Place(rejection.Classifier, rejection.Id);
        }
        catch (DecoderFallbackException)
        {
            return Place(null, Sha256Hex.OfBytes(body));
        }
    }

    private static string Place(string? classifier, string id) => StorageNames.ResultBlob(classifier ?? "news", Sha256Hex.OfText(id));
}
