using Azure.Data.Tables;
using Serverless.Articles;
using Serverless.FaultTests.Checks;
using Serverless.FaultTests.Programs;
using Serverless.FaultTests.Report;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.FaultTests;

/// <summary>Two instances of each program on one storage account.</summary>
public sealed class TwoOfEverythingTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_functions_instances_classify_each_article_once_even_if_it_is_sent_twice()
    {
        var articles = Scale.Get("TWO_ARTICLES", 60);
        await ReliabilityReport.RecordAsync(
            "Two functions instances on one storage account",
            $"{articles} articles, each sent twice",
            "one result per article, classified, and one row made from it",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                await using var first = installation.StartFunctions();
                await using var second = installation.StartFunctions();
                await Task.WhenAll(Enumerable.Range(0, 2 * articles).Select(number => Articles.SendAsync(installation.Storage, number % articles)));

                string[] ids = [.. Enumerable.Range(0, articles).Select(Articles.Id)];
                await ResultsCheck.CompleteAsync(installation.Storage, ids);
                var results = await ResultsCheck.ExactlyOneEachAsync(installation.Storage, ids);
                Assert.All(results.Values, result => Assert.Equal(ClassificationStatus.Classified, result.Status));
                Assert.All(results.Values, result => Assert.False(result.Replaced));
                return $"{results.Count} results, none missing, none twice";
            });
    }

    [Fact]
    public async Task A_redelivery_of_an_old_text_does_not_overwrite_the_row_of_a_newer_text()
    {
        await using var installation = await Installation.StartAsync();
        var (redelivered, newer) = (new ResultStore(Installation.CreateClients(installation.Proxy.ConnectionString)), new ResultStore(installation.Storage));
        var start = DateTimeOffset.UtcNow;
        await newer.WriteAsync(Result("Oil rises.", start, "World"), CancellationToken);
        var overtakes = 0;
        installation.Proxy.Before = async request =>
        {
            if (request.StartsWith("GET classifications(", StringComparison.Ordinal) && Interlocked.Increment(ref overtakes) == 1)
            {
                await newer.WriteAsync(Result("Oil falls.", start.AddMinutes(1), "Business"), CancellationToken);
            }

            return true;
        };

        await redelivered.TryReuseExistingAsync("news", "a", Sha256Hex.HashText("Oil rises."), start, CancellationToken);

        Assert.True(overtakes > 0);
        Assert.Equal("Business", (await newer.FindAsync("news", "a", CancellationToken))!.Label);
        var row = await installation.Storage.Table(StorageNames.ClassificationsTable).QueryAsync<TableEntity>(cancellationToken: CancellationToken).SingleAsync(CancellationToken);
        Assert.Equal("Business", row.GetString("Label"));

        static ClassificationResult Result(string text, DateTimeOffset time, string label) => new()
        {
            Id = "a",
            Classifier = "news",
            Status = ClassificationStatus.Classified,
            Label = label,
            TextHash = Sha256Hex.HashText(text),
            InsertedOn = time,
            CompletedAt = time,
        };
    }

    [Fact]
    public async Task Two_trainers_train_a_classifier_one_at_a_time_and_each_request_once()
    {
        var trainings = Scale.Get("TWO_TRAININGS", 2);
        await ReliabilityReport.RecordAsync(
            "Two trainers on one storage account",
            $"{trainings} requests for one classifier, each sent twice",
            "one outcome per request, never two trainings at the same time, the pointer names the version published last",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                var requests = new List<TrainingRequest>();
                for (var training = 0; training < trainings; training++)
                {
                    requests.Add(await Articles.RequestTrainingAsync(installation.Storage, training));
                    await Articles.SendAsync(installation.Storage, requests[^1]);
                }

                await Task.WhenAll(TrainAllAsync(installation, requests), TrainAllAsync(installation, requests));

                var runs = new List<TrainingRun>();
                foreach (var request in requests)
                {
                    runs.Add(await TrainingsCheck.ExactlyOneOutcomeAsync(installation, request));
                }

                var ordered = runs.OrderBy(run => run.StartedAt).ToArray();
                Assert.All(ordered.Zip(ordered.Skip(1)), pair => Assert.True(pair.First.FinishedAt <= pair.Second.StartedAt, $"{pair.First} and {pair.Second}"));
                Assert.Equal(
                    ordered.Last(run => run.State == TrainingState.Published).Version, await TrainingsCheck.PointerIsValidAsync(installation, requests[0].Classifier));
                return $"{runs.Count(run => run.State == TrainingState.Published)} published, {runs.Count(run => run.State == TrainingState.Refused)} refused by the gate, none twice";
            });
    }

    [Fact]
    public async Task The_lease_of_a_killed_trainer_ends_within_a_minute()
    {
        Assert.SkipUnless(Scale.Get("LEASES", 0) > 0, "Takes a minute: run by tests/reliability.sh.");
        await ReliabilityReport.RecordAsync(
            "Trainer killed while it holds the classifier",
            $"{Scale.Get("LEASES", 1)} times",
            "the lease is released within a minute",
            async () =>
            {
                var max = TimeSpan.Zero;
                for (var number = 0; number < Scale.Get("LEASES", 1); number++)
                {
                    // Each time with new storage: the request of the trainer that was killed before would be processed first.
                    await using var installation = await Installation.StartAsync();
                    var request = await Articles.RequestTrainingAsync(installation.Storage, number, "desk");
                    await using var victim = installation.StartTrainer();
                    TrainerMoment.At(0).Arm(installation.Proxy, victim);
                    Assert.True(await victim.WaitAsync() == RunningProgram.Killed, victim.Output);
                    TrainerMoment.Disarm(installation.Proxy);
                    var killed = TimeProvider.System.GetTimestamp();
                    Assert.True(await TrainingsCheck.IsLeasedAsync(installation, request.Classifier));
                    await Eventually.TrueAsync(async () => !await TrainingsCheck.IsLeasedAsync(installation, request.Classifier), "the end of the lease");
                    var elapsed = TimeProvider.System.GetElapsedTime(killed);
                    max = elapsed > max ? elapsed : max;
                }

                Assert.True(max < TimeSpan.FromSeconds(61), $"{max.TotalSeconds:0.0} s");
                return $"free after at most {max.TotalSeconds:0} s";
            });
    }

    /// <summary>Starts trainers, as the platform does, until every request has its outcome.</summary>
    private static async Task TrainAllAsync(Installation installation, IEnumerable<TrainingRequest> requests)
    {
        foreach (var request in requests)
        {
            while ((await TrainingsCheck.OutcomesAsync(installation, request)).Count == 0)
            {
                await using var trainer = installation.StartTrainer();
                Assert.True(await trainer.WaitAsync() == 0, trainer.Output);
                await Task.Delay(TimeSpan.FromSeconds(1), CancellationToken);
            }
        }
    }
}
