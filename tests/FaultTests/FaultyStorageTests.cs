using Serverless.Articles;
using Serverless.FaultTests.Checks;
using Serverless.FaultTests.Faults;
using Serverless.FaultTests.Programs;
using Serverless.FaultTests.Report;
using Serverless.Training;

namespace Serverless.FaultTests;

/// <summary>Failing storage: 500, 503 and 429 with Retry-After, no response, resets, lost and truncated responses, stalls.</summary>
public sealed class FaultyStorageTests
{
    private const double Rate = 0.1;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Faulty_storage_loses_and_duplicates_nothing()
    {
        var articles = Scale.Get("FAULTY_ARTICLES", 60);
        var trainings = Scale.Get("FAULTY_TRAININGS", 1);
        var delay = TimeSpan.FromSeconds(Scale.Get("STALL_SECONDS", 2));
        await ReliabilityReport.RecordAsync(
            "Faulty storage: 500, 503 and 429 with Retry-After, no response, resets, lost and truncated responses, stalls",
            $"{Rate:P0} of all requests, stalls of {delay.TotalSeconds:0} s; {articles} articles, {trainings} trainings",
            "one result per article, classified; one outcome per training request; the pointer is valid; the programs recover by themselves",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                await using var functions = installation.StartFunctions();
                installation.Proxy.Faults = new FaultPlan(Scale.Seed, Rate, delay);
                await Task.WhenAll(Enumerable.Range(0, articles).Select(number => Articles.SendAsync(installation.Storage, number)));
                var requests = new List<TrainingRequest>();
                for (var training = 0; training < trainings; training++)
                {
                    requests.Add(await Articles.RequestTrainingAsync(installation.Storage, training));
                    await using var trainer = installation.StartTrainer();
                    await trainer.WaitAsync();
                }

                string[] ids = [.. Enumerable.Range(0, articles).Select(Articles.Id)];
                await ResultsCheck.CompleteAsync(installation.Storage, ids, perSecond: 1); // stalled requests occupy the places of others
                var (passed, met) = (installation.Proxy.Requests, installation.Proxy.Injected);
                installation.Proxy.Faults = null;

                await TrainTheRestAsync(installation, requests);
                var results = await ResultsCheck.ExactlyOneEachAsync(installation.Storage, ids);
                Assert.All(results.Values, result => Assert.Equal(ClassificationStatus.Classified, result.Status));
                Assert.InRange(met, 1, passed);
                return $"{met} of {passed} requests met a fault; {results.Count} results, {requests.Count} trainings ended, none missing, none twice";
            });
    }

    [Fact]
    public async Task The_functions_back_off_during_an_outage_of_storage_and_recover_after_it()
    {
        var seconds = Scale.Get("OUTAGE_SECONDS", 12);
        await ReliabilityReport.RecordAsync(
            "Storage responds only with 503",
            $"{seconds} s",
            "at most as many requests in the second half of the outage as in the first; health responds throughout; an article sent before is classified after",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                installation.Settings["Local__MaxPollingInterval"] = "00:00:05";
                await using var functions = await installation.StartFunctions().ReadyAsync();
                installation.Proxy.Faults = new FaultPlan(Scale.Seed, rate: 1, TimeSpan.Zero) { Only = Fault.ServerError };
                var before = installation.Proxy.Requests;
                await Articles.SendAsync(installation.Storage, 0);
                await Task.Delay(TimeSpan.FromSeconds(seconds / 2.0), CancellationToken);
                var first = installation.Proxy.Requests - before;
                using (var health = await functions.Http.GetAsync(new Uri("health", UriKind.Relative), CancellationToken))
                {
                    Assert.True(health.IsSuccessStatusCode, $"{health.StatusCode}");
                }

                await Task.Delay(TimeSpan.FromSeconds(seconds / 2.0), CancellationToken);
                var second = installation.Proxy.Requests - before - first;
                installation.Proxy.Faults = null;

                await ResultsCheck.CompleteAsync(installation.Storage, [Articles.Id(0)]);
                Assert.True(second <= first, $"{first} requests in the first half, {second} in the second");
                return $"{first} requests in the first half of the outage, {second} in the second; classified after it";
            });
    }

    /// <summary>Sends the requests that failed under faults again at once, instead of waiting until their messages become visible.</summary>
    private static async Task TrainTheRestAsync(Installation installation, IEnumerable<TrainingRequest> requests)
    {
        foreach (var request in requests)
        {
            for (var attempt = 0; attempt < 5 && (await TrainingsCheck.OutcomesAsync(installation, request)).Count == 0; attempt++)
            {
                await TrainingsCheck.BreakLeaseAsync(installation, request.Classifier);
                await Articles.SendAsync(installation.Storage, request);
                await using var trainer = installation.StartTrainer();
                Assert.True(await trainer.WaitAsync() == 0, trainer.Output);
            }

            await TrainingsCheck.ExactlyOneOutcomeAsync(installation, request);
        }
    }
}
