

using Serverless.Articles;
using Serverless.FaultTests.Checks;
using Serverless.FaultTests.Programs;
using Serverless.FaultTests.Report;
using Serverless.Storage;
using Serverless.Training;

namespace Serverless.FaultTests;

/// <summary>SIGKILL, at moments that are drawn and at moments that are chosen.</summary>
public sealed class KillTests
{
    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Functions_killed_at_random_moments_lose_and_double_no_article()
    {
        var kills = Extent.Of("FUNCTION_KILLS", 4);
        var articles = Math.Max(kills, Extent.Of("ARTICLES", 80));
        await ReliabilityReport.RecordAsync(
            "Functions killed (SIGKILL) while articles flow",
            $"{kills} kills, {articles} articles",
            "every article has one result blob and one row made from it, also one that the process died on five times; no message is left",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                var moments = new Random(Extent.Seed);
                for (var kill = 0; kill < kills; kill++)
                {
                    await using var functions = installation.StartFunctions();
                    await Task.WhenAll(Enumerable.Range(0, articles).Where(number => number % kills == kill).Select(number => Articles.SendAsync(installation.Storage, number)));

                    // From before it listens to well after it has nothing left to do.
                    await Task.Delay(TimeSpan.FromSeconds(moments.NextDouble() * 5), Ended);
                    await functions.Program.KillAsync();
                }

                string[] ids = [.. Enumerable.Range(0, articles).Select(Articles.Id)];
                await using var survivor = installation.StartFunctions();
                await ResultsCheck.CompleteAsync(installation.Storage, ids);
                var results = await ResultsCheck.ExactlyOneEachAsync(installation.Storage, ids);
                var setAside = results.Values.Count(result => result.Status == ClassificationStatus.Failed);
                Assert.All(results.Values, result => Assert.True(result.Status is ClassificationStatus.Classified or ClassificationStatus.Failed, result.ToJson()));
                Assert.InRange(setAside, 0, articles / 20);
                return $"{results.Count} results, none missing, none twice; {setAside} set aside as failed, since the process died in all of their {ArticleLimits.Attempts} attempts";
            });
    }

    [Fact]
    public async Task A_worker_that_is_killed_is_started_again_and_loses_no_article()
    {
        var kills = Extent.Of("WORKER_KILLS", 3);
        var articles = kills * 20;
        await ReliabilityReport.RecordAsync(
            "Functions worker killed (SIGKILL) while articles flow, the host goes on",
            $"{kills} kills, {articles} articles",
            "the host starts the worker again each time; every article has one result blob and one row made from it; HTTP is answered again",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                await using var functions = await installation.StartFunctions().ReadyAsync();
                var moments = new Random(Extent.Seed);
                for (var kill = 0; kill < kills; kill++)
                {
                    await Task.WhenAll(Enumerable.Range(kill * 20, 20).Select(number => Articles.SendAsync(installation.Storage, number)));
                    await Task.Delay(TimeSpan.FromSeconds(moments.NextDouble() * 2), Ended);
                    await functions.KillWorkerAsync();
                }

                string[] ids = [.. Enumerable.Range(0, articles).Select(Articles.Id)];
                await ResultsCheck.CompleteAsync(installation.Storage, ids);
                var results = await ResultsCheck.ExactlyOneEachAsync(installation.Storage, ids);
                await functions.ReadyAsync();
                Assert.False(functions.Program.HasExited, functions.Program.Output);
                return $"{results.Count} results, none missing, none twice; {results.Values.Count(result => result.Status == ClassificationStatus.Failed)} failed";
            });
    }

    [Fact]
    public async Task A_request_whose_worker_is_killed_gets_500_and_the_next_one_an_answer()
    {
        await using var installation = await Installation.StartAsync();
        await using var functions = await installation.StartFunctions().ReadyAsync();
        var articles = Enumerable.Range(0, 64).Select(number => new { text = string.Join(' ', Enumerable.Repeat(Articles.Text(number), 60)) });

        var interrupted = functions.PostAsync("classify", System.Text.Json.JsonSerializer.Serialize(articles));
        await Task.Delay(300, Ended);
        await functions.KillWorkerAsync();
        var (status, _) = await interrupted;
        var (next, body) = await functions.PostAsync("classify", """{"text":"after the restart"}""");

        Assert.Equal(System.Net.HttpStatusCode.InternalServerError, status);
        Assert.True(next == System.Net.HttpStatusCode.OK, body);
    }

    [Fact]
    public async Task A_trainer_killed_at_any_moment_publishes_each_request_once()
    {
        var kills = Extent.Of("TRAINER_KILLS", 3);
        await ReliabilityReport.RecordAsync(
            "Trainer killed (SIGKILL) at chosen moments",
            $"{kills} kills: {string.Join("; ", Enumerable.Range(0, kills).Select(kill => TrainerMoment.At(kill).Name).Distinct())}",
            "every request has one published or refused version, no run stands as running, the pointer names a whole version whose hashes hold",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                var outcomes = new List<TrainingRun>();
                for (var kill = 0; kill < kills; kill++)
                {
                    outcomes.Add(await KillTrainerAsync(installation, TrainerMoment.At(kill), kill));
                }

                Assert.Contains(outcomes, run => run.State == TrainingState.Published);
                return $"{outcomes.Count(run => run.State == TrainingState.Published)} published, {outcomes.Count(run => run.State == TrainingState.Refused)} refused by the gate, none twice, none lost";
            });
    }

    [Fact]
    public async Task An_emulator_that_goes_away_while_articles_flow_loses_and_doubles_none()
    {
        var stops = Extent.Of("EMULATOR_KILLS", 2);
        var articles = stops * 20;
        await ReliabilityReport.RecordAsync(
            "Storage goes away while articles flow",
            $"{stops} times (the emulator keeps its data and cuts all connections), {articles} articles",
            "every article has one result blob, classified, and one row made from it; the functions are never started again",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                await using var functions = installation.StartFunctions();
                var moments = new Random(Extent.Seed);
                for (var stop = 0; stop < stops; stop++)
                {
                    await Task.WhenAll(Enumerable.Range(stop * 20, 20).Select(number => Articles.SendAsync(installation.Storage, number)));
                    await Task.Delay(TimeSpan.FromSeconds(moments.NextDouble() * 3), Ended);
                    await installation.Emulator.Program.StopAsync();
                    await Task.Delay(TimeSpan.FromSeconds(moments.NextDouble() * 3), Ended);
                    await installation.Emulator.StartAsync();
                }

                string[] ids = [.. Enumerable.Range(0, articles).Select(Articles.Id)];
                await ResultsCheck.CompleteAsync(installation.Storage, ids);
                var results = await ResultsCheck.ExactlyOneEachAsync(installation.Storage, ids);
                Assert.All(results.Values, result => Assert.Equal(ClassificationStatus.Classified, result.Status));
                Assert.False(functions.Program.HasExited, functions.Program.Output);
                return $"{results.Count} results, none missing, none twice, none failed";
            });
    }

    [Fact]
    public async Task An_emulator_that_is_killed_forgets_and_everything_is_put_in_order_when_articles_come_again()
    {
        var kills = Extent.Of("EMULATOR_KILLS", 2);
        var articles = kills * 20;
        await ReliabilityReport.RecordAsync(
            "Emulator killed (SIGKILL) while articles flow",
            $"{kills} kills, {articles} articles; a killed emulator forgets what it confirmed in its last seconds, so what has no result is sent again",
            "blobs, rows and queue, which it forgets one without the other, agree again: one result blob an article, classified, and one row made from it",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                await using var functions = installation.StartFunctions();
                var moments = new Random(Extent.Seed);
                for (var kill = 0; kill < kills; kill++)
                {
                    await Task.WhenAll(Enumerable.Range(kill * 20, 20).Select(number => Articles.SendAsync(installation.Storage, number)));
                    await Task.Delay(TimeSpan.FromSeconds(moments.NextDouble() * 8), Ended);
                    await installation.Emulator.Program.KillAsync();
                    await installation.Emulator.StartAsync();
                    await installation.Storage.CreateMissingAsync(Ended);
                }

                await Task.WhenAll(Enumerable.Range(0, articles).Select(number => Articles.SendAsync(installation.Storage, number)));
                string[] ids = [.. Enumerable.Range(0, articles).Select(Articles.Id)];
                await ResultsCheck.CompleteAsync(installation.Storage, ids);
                var results = await ResultsCheck.ExactlyOneEachAsync(installation.Storage, ids);
                Assert.All(results.Values, result => Assert.Equal(ClassificationStatus.Classified, result.Status));
                return $"{results.Count} results, none missing, none twice, none failed";
            });
    }

    /// <summary>Asks for a training, kills its trainer at the moment, and lets others work until the request is done.</summary>
    private static async Task<TrainingRun> KillTrainerAsync(Installation installation, TrainerMoment moment, int number)
    {
        var request = await Articles.RequestTrainingAsync(installation.Storage, number);
        await KillAtAsync(installation, moment);
        while ((await TrainingsCheck.OutcomesAsync(installation, request)).Count == 0)
        {
            // In place of the minutes until the dead trainer's lease and message run out: the lease is broken, and the request comes a second time.
            await TrainingsCheck.BreakLeaseAsync(installation, request.Classifier);
            await Articles.SendAsync(installation.Storage, request);
            await using var successor = installation.StartTrainer();
            Assert.True(await successor.WaitAsync() == 0, successor.Output);
        }

        return await TrainingsCheck.ExactlyOneOutcomeAsync(installation, request);
    }

    private static async Task KillAtAsync(Installation installation, TrainerMoment moment)
    {
        while (true)
        {
            await using var victim = installation.StartTrainer();
            moment.Arm(installation.Proxy, victim);
            var exitCode = await victim.WaitAsync();
            TrainerMoment.Disarm(installation.Proxy);
            if (exitCode == RunningProgram.Killed)
            {
                return;
            }

            // It met the request of one killed before, come back after its two minutes, and found that one's work done.
            Assert.Contains("was trained on already", victim.Output, StringComparison.Ordinal);
        }
    }
}
