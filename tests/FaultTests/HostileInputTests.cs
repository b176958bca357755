using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Serverless.Articles;
using Serverless.FaultTests.Checks;
using Serverless.FaultTests.Programs;
using Serverless.FaultTests.Report;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.FaultTests;

/// <summary>Malformed and malicious input ends in a result, a rejection or a 4xx response, and the programs keep running.</summary>
public sealed class HostileInputTests
{
    // A queue message contains up to 64 KiB of Base64.
    private const int MessageBytes = 48 << 10;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Hostile_messages_end_in_a_result_or_a_rejection_at_the_right_name()
    {
        var messages = Scale.Get("HOSTILE_MESSAGES", 250);
        await ReliabilityReport.RecordAsync(
            "Hostile queue messages",
            $"{messages} generated: random bytes, deep JSON, huge numbers, wrong types, nulls, truncated articles, flipped bits, path tricks, control characters, special tokens, confusables",
            "each has one result, classified or rejected with a reason; every blob is at classifier/hash.json; the process keeps running and its memory is bounded; an ordinary article is classified after",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                await using var functions = installation.StartFunctions();
                var hostile = new HostileBodies(Scale.Seed);
                byte[][] bodies = [.. Enumerable.Range(0, messages).Select(_ => hostile.Body()).Where(body => body.Length <= MessageBytes)];
                await Articles.SendAsync(installation.Storage, 0);
                await ResultsCheck.CompleteAsync(installation.Storage, [Articles.Id(0)]);
                var before = functions.Program.Megabytes;

                // A thousand at a time, because the emulator is slow with many messages.
                foreach (var part in bodies.Chunk(1000))
                {
                    await Parallel.ForEachAsync(part, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = CancellationToken }, async (body, cancellationToken) =>
                        await installation.Storage.Queue(StorageNames.ArticlesQueue).SendMessageAsync(BinaryData.FromBytes(body), cancellationToken: cancellationToken));
                    await ResultsCheck.QueueIsEmptyAsync(installation.Storage, StorageNames.ArticlesQueue, TimeSpan.FromMinutes(15));
                }

                await Articles.SendAsync(installation.Storage, 1);
                await ResultsCheck.CompleteAsync(installation.Storage, [Articles.Id(1)]);
                var grown = functions.Program.Megabytes - before;

                var expected = bodies.Select(ResultBlob).Append($"news/{Sha256Hex.HashText(Articles.Id(0))}.json").Append($"news/{Sha256Hex.HashText(Articles.Id(1))}.json").ToHashSet();
                var results = await ResultsCheck.AllAsync(installation.Storage);
                Assert.Equal(expected.Order(StringComparer.Ordinal), results.Keys.Order(StringComparer.Ordinal));
                Assert.All(results.Values, result => Assert.True(result.Status != ClassificationStatus.Failed && (result.Reason is not null) == (result.Status == ClassificationStatus.Rejected), result.ToJson()));
                Assert.InRange(grown, double.MinValue, 300);
                return $"{results.Values.Count(result => result.Status == ClassificationStatus.Rejected)} rejected, {results.Values.Count(result => result.Status == ClassificationStatus.Classified)} classified, none failed, none elsewhere; memory grew by {grown:0} MB";
            });
    }

    [Fact]
    public async Task Hostile_requests_get_200_or_4xx()
    {
        var requests = Scale.Get("HOSTILE_REQUESTS", 250);
        await ReliabilityReport.RecordAsync(
            "Hostile HTTP bodies",
            $"{requests} generated, and one of 40 MB",
            "each gets 200 or 4xx, never 5xx; the process keeps running and its memory is bounded; an ordinary article is classified after",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                await using var functions = await installation.StartFunctions().ReadyAsync();
                var hostile = new HostileBodies(Scale.Seed + 1);
                var before = functions.Program.Megabytes;

                var statuses = new List<HttpStatusCode>();
                for (var number = 0; number < requests; number++)
                {
                    statuses.Add(await PostAsync(functions, hostile.Body(), number));
                }

                var tooLong = await PostAsync(functions, HostileBodies.Long(megabytes: 40), 0);
                var grown = functions.Program.Megabytes - before;

                Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLong);
                Assert.All(statuses, status => Assert.True(status == HttpStatusCode.OK || (int)status is >= 400 and < 500, $"{status}"));
                Assert.Equal(HttpStatusCode.OK, (await functions.PostAsync("classify", """{"text":"The cup final."}""")).Status);
                Assert.InRange(grown, double.MinValue, 300);
                return string.Join(", ", statuses.GroupBy(status => (int)status).OrderBy(group => group.Key).Select(group => $"{group.Count()} × {group.Key}")) + $"; 40 MB: 413; memory grew by {grown:0} MB";
            });
    }

    [Fact]
    public async Task Hostile_data_set_files_are_refused_or_trained_on_without_a_stack_trace()
    {
        var files = HostileFiles.All(Scale.Seed, Scale.Get("HOSTILE_FILES", 5));
        await ReliabilityReport.RecordAsync(
            "Hostile data set files",
            $"{files.Count}: {string.Join(", ", files.Select(file => file.Name).Distinct())}",
            "the trainer trains on each or refuses it with one sentence, and never prints a stack trace",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                var requests = new List<TrainingRequest>();
                foreach (var (number, file) in files.Index())
                {
                    requests.Add(await Articles.RequestTrainingAsync(installation.Storage, $"hostile/{number:D5}-{file.Name.Replace(' ', '-')}.{file.Extension}", file.Content()));
                }

                await using var trainer = installation.StartTrainer("--drain");
                Assert.True(await trainer.WaitAsync() == 0, trainer.Output);
                Assert.DoesNotContain("   at ", trainer.Output, StringComparison.Ordinal);
                var outcomes = new List<TrainingRun>();
                foreach (var request in requests)
                {
                    outcomes.Add(await TrainingsCheck.ExactlyOneOutcomeAsync(installation, request));
                }

                Assert.All(outcomes.Where(run => run.State == TrainingState.Refused), run => Assert.False(string.IsNullOrWhiteSpace(run.Reason)));
                return $"{outcomes.Count(run => run.State == TrainingState.Refused)} refused with the reason, {outcomes.Count(run => run.State == TrainingState.Published)} trained on, none failed";
            });
    }

    [Fact]
    public async Task A_model_folder_with_wrong_contents_is_never_served() => await ReliabilityReport.RecordAsync(
        "Model folders with wrong contents",
        "a file changed after the upload, a manifest without hashes, a manifest that names a file outside, a pointer with another hash",
        "the previous version keeps serving, health names the error, nothing is written outside the cache folder",
        async () =>
        {
            await using var installation = await Installation.StartAsync();
            await using var functions = await installation.StartFunctions().ReadyAsync();
            var container = installation.Storage.Container(StorageNames.ModelsContainer);
            var manifest = (await container.GetBlobClient(StorageNames.VersionFolder("news", "starter") + StorageNames.ManifestFile).DownloadContentAsync(CancellationToken)).Value.Content.ToString();
            var cases = new (string Version, string Manifest, bool Change, string? Hash, string Says)[]
            {
                ("changed", manifest, true, null, "is damaged"),
                ("unhashed", System.Text.RegularExpressions.Regex.Replace(manifest, "\"[0-9a-f]{64}\"", "null"), false, null, "without its SHA-256"),
                ("outside", manifest.Replace("labels.json", "../../../../outside.json", StringComparison.Ordinal), false, null, "outside"),
                ("pointer", manifest, false, new string('0', 64), "the pointer says"),
            };
            foreach (var wrong in cases)
            {
                var folder = StorageNames.VersionFolder("news", wrong.Version);
                await foreach (var blob in container.GetBlobsAsync(Azure.Storage.Blobs.Models.BlobTraits.None, Azure.Storage.Blobs.Models.BlobStates.None, StorageNames.VersionFolder("news", "starter"), CancellationToken))
                {
                    var content = (await container.GetBlobClient(blob.Name).DownloadContentAsync(CancellationToken)).Value.Content.ToArray();
                    content[^1] ^= (byte)(wrong.Change ? 1 : 0);
                    await container.GetBlobClient(folder + blob.Name.Split('/')[^1]).UploadAsync(BinaryData.FromBytes(content), overwrite: true, CancellationToken);
                }

                await container.GetBlobClient(folder + StorageNames.ManifestFile).UploadAsync(BinaryData.FromString(wrong.Manifest), overwrite: true, CancellationToken);
                var pointer = JsonSerializer.Serialize(new { version = wrong.Version, manifestSha256 = wrong.Hash ?? Sha256Hex.HashText(wrong.Manifest), publishedAt = DateTimeOffset.UnixEpoch });
                await container.GetBlobClient(StorageNames.PointerBlob("news")).UploadAsync(BinaryData.FromString(pointer), overwrite: true, CancellationToken);

                await Eventually.TrueAsync(async () => (await functions.Http.GetStringAsync(new Uri("status", UriKind.Relative), CancellationToken)).Contains(wrong.Says, StringComparison.Ordinal), $"a status that says '{wrong.Says}' of {wrong.Version}");
                Assert.Contains("\"modelVersion\":\"starter\"", (await functions.PostAsync("classify", """{"text":"The cup final."}""")).Body, StringComparison.Ordinal);
            }

            Assert.Empty(Directory.EnumerateFiles(installation.Folder, "outside.json", SearchOption.AllDirectories));
            return $"{cases.Length} cases, each reported; starter kept serving";
        });

    private static async Task<HttpStatusCode> PostAsync(FunctionsProgram functions, byte[] body, int number)
    {
        var path = (number % 4) switch { 0 => "classify", 1 => "classify/news", 2 => $"classify/{Uri.EscapeDataString(Encoding.UTF8.GetString(body, 0, Math.Min(8, body.Length)))}", _ => "classify" };
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(number % 3 == 0 ? "text/plain" : "application/json") } };
        try
        {
            using var answer = await functions.Http.PostAsync(new Uri(path, UriKind.Relative), content, CancellationToken);
            return answer.StatusCode;
        }
        catch (HttpRequestException exception) when (body.Length > ArticleLimits.RequestBytes && exception.InnerException is IOException)
        {
            // The connection is closed while the body is sent after the 413.
            return HttpStatusCode.RequestEntityTooLarge;
        }
    }

    /// <summary>The name of the result blob of a message.</summary>
    private static string ResultBlob(byte[] body)
    {
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(body);
            return ArticleMessage.TryParse(text, out var article, out var rejection)
                ? ResultBlob(article.Classifier, article.Id)
                : ResultBlob(rejection.Classifier, rejection.Id);
        }
        catch (DecoderFallbackException)
        {
            return ResultBlob(null, Sha256Hex.HashBytes(body));
        }
    }

    private static string ResultBlob(string? classifier, string id) => StorageNames.ResultBlob(classifier ?? "news", Sha256Hex.HashText(id));
}
