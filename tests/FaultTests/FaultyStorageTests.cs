

using Serverless.Articles;
using Serverless.FaultTests.Checks;
using Serverless.FaultTests.Faults;
using Serverless.FaultTests.Programs;
using Serverless.FaultTests.Report;
using Serverless.Training;

namespace Serverless.FaultTests;

/// <summary>Storage that fails: 500, 503 and 429 with Retry-After, no answer, resets, lost and truncated answers, stalls.</summary>
public sealed class FaultyStorageTests
{
    private static readonly double Rate = 0.1;

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Faulty_storage_loses_and_doubles_nothing_and_all_recovers_when_the_faults_stop()
    {
        var articles = Extent.Of("FAULTY_ARTICLES", 60);
        var trainings = Extent.Of("FAULTY_TRAININGS", 1);
        var silence = TimeSpan.FromSeconds(Extent.Of("STALL_SECONDS", 2));
        await ReliabilityReport.RecordAsync(
            "Faulty storage: 500, 503 and 429 with Retry-After, no answer, resets, lost answers, truncated answers, stalls",
            $"{Rate:P0} of all requests, stalls of {silence.TotalSeconds:0} s; {articles} articles, {trainings} trainings",
            "one result an article, classified; one outcome a training request; pointer whole; the programs recover by themselves",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                await using var functions = installation.StartFunctions();
                installation.Proxy.Faults = new FaultPlan(Extent.Seed, Rate, silence);
                await Task.WhenAll(Enumerable.Range(0, articles).Select(number => Articles.SendAsync(installation.Storage, number)));
                var requests = new List<TrainingRequest>();
                for (var training = 0; training < trainings; training++)
                {
                    requests.Add(await Articles.RequestTrainingAsync(installation.Storage, training));
                    await using var trainer = installation.StartTrainer();
                    await trainer.WaitAsync();
                }

                string[] ids = [.. Enumerable.Range(0, articles).Select(Articles.Id)];
                await ResultsCheck.CompleteAsync(installation.Storage, ids, perSecond: 1); // stalls hold places that others wait for
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
    public async Task Retries_back_off_while_storage_is_away_and_the_functions_go_on_by_themselves_when_it_is_back()
    {
        var seconds = Extent.Of("OUTAGE_SECONDS", 12);
        await ReliabilityReport.RecordAsync(
            "Storage answers nothing but 503",
            $"{seconds} s",
            "fewer requests in the second half of the outage than in the first; health answers throughout; an article sent before is classified after",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                installation.Settings["Local__MaxPollingInterval"] = "00:00:05";
                await using var functions = await installation.StartFunctions().ReadyAsync();
                installation.Proxy.Faults = new FaultPlan(Extent.Seed, rate: 1, TimeSpan.Zero) { Only = Fault.ServerError };
                var before = installation.Proxy.Requests;
                await Articles.SendAsync(installation.Storage, 0);
                await Task.Delay(TimeSpan.FromSeconds(seconds / 2.0), Ended);
                var first = installation.Proxy.Requests - before;
                using (var health = await functions.Http.GetAsync(new Uri("health", UriKind.Relative), Ended))
                {
                    Assert.True(health.IsSuccessStatusCode, $"{health.StatusCode}");
                }

                await Task.Delay(TimeSpan.FromSeconds(seconds / 2.0), Ended);
                var second = installation.Proxy.Requests - before - first;
                installation.Proxy.Faults = null;

                await ResultsCheck.CompleteAsync(installation.Storage, [Articles.Id(0)]);
                Assert.True(second <= first, $"{first} requests in the first half, {second} in the second");
                return $"{first} requests in the first half of the outage, {second} in the second; classified after it";
            });
    }

    /// <summary>What a trainer gave up under faults comes again; here at once, not after the minutes that its message stays hidden.</summary>
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
