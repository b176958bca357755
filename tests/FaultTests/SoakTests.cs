using System.Net;
using Serverless.Articles;
using Serverless.FaultTests.Checks;
using Serverless.FaultTests.Programs;
using Serverless.FaultTests.Report;

namespace Serverless.FaultTests;

/// <summary>Long mixed load with trainings and swaps: memory, handles and latency stay constant.</summary>
public sealed class SoakTests
{
    // Growth at the start (the model, compiled code, pools) is not a leak.
    private const double WarmUp = 0.2;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Memory_handles_and_latency_stay_constant_under_mixed_load_with_retraining()
    {
        var minutes = Scale.Get("SOAK_MINUTES", 0);
        Assert.SkipWhen(minutes == 0, "Takes minutes: run by tests/reliability.sh.");
        var everySeconds = Scale.Get("SOAK_RETRAIN_SECONDS", 300);
        await ReliabilityReport.RecordAsync(
            "Soak: mixed load with retraining",
            $"{minutes} minutes, a training every {everySeconds} s, one article on the queue and one request at a time",
            "every article classified, every request answered with 200; slopes of memory, handles and latency of the functions, fitted after the first fifth",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                await using var functions = await installation.StartFunctions().ReadyAsync();
                using var time = new CancellationTokenSource(TimeSpan.FromMinutes(minutes));
                var training = RetrainAsync(installation, TimeSpan.FromSeconds(everySeconds), time.Token);
                var (sent, samples) = await LoadAsync(installation, functions, time.Token);
                var trained = await training;

                await ResultsCheck.CompleteAsync(installation.Storage, [.. Enumerable.Range(0, sent).Select(Articles.Id)]);
                var settled = samples[(int)(samples.Count * WarmUp)..];
                var memory = Slope(settled, sample => sample.Megabytes);
                var handles = Slope(settled, sample => sample.Handles);
                var latency = Slope(settled, sample => sample.Milliseconds);
                Assert.True(memory < 2, $"Memory grows by {memory:0.00} MB a minute.");
                Assert.True(handles < 1, $"Handles grow by {handles:0.00} a minute.");
                return $"{sent} articles and as many requests, {trained} trainings; " +
                    $"memory {settled[0].Megabytes:0} to {settled[^1].Megabytes:0} MB ({memory:+0.00;-0.00} MB a minute), " +
                    $"handles {settled[0].Handles} to {settled[^1].Handles} ({handles:+0.00;-0.00} a minute), " +
                    $"median latency {Median(settled):0} ms ({latency:+0.00;-0.00} ms a minute)";
            });
    }

    private static async Task<(int Sent, List<Sample> Samples)> LoadAsync(Installation installation, FunctionsProgram functions, CancellationToken time)
    {
        var samples = new List<Sample>();
        var started = TimeProvider.System.GetTimestamp();
        var sent = 0;
        for (; !time.IsCancellationRequested; sent++)
        {
            await Articles.SendAsync(installation.Storage, sent);
            var requested = TimeProvider.System.GetTimestamp();
            var (status, body) = await functions.PostAsync("classify", new ArticleMessage(Articles.Id(sent)) { Text = Articles.Text(sent) }.ToJson());
            Assert.True(status == HttpStatusCode.OK, $"{status}: {body}");
            samples.Add(new Sample(
                TimeProvider.System.GetElapsedTime(started).TotalMinutes,
                functions.Program.Megabytes,
                functions.Program.Handles,
                TimeProvider.System.GetElapsedTime(requested).TotalMilliseconds));
            await Task.Delay(TimeSpan.FromMilliseconds(100), CancellationToken);
        }

        return (sent, samples);
    }

    /// <summary>Trains the serving classifier, so that its model is swapped under load.</summary>
    private static async Task<int> RetrainAsync(Installation installation, TimeSpan every, CancellationToken time)
    {
        var trained = 0;
        while (!time.IsCancellationRequested)
        {
            var request = await Articles.RequestTrainingAsync(installation.Storage, trained, "news");
            // The functions request a training for the file too; the second request finds it completed.
            await using var trainer = installation.StartTrainer("--drain");
            Assert.True(await trainer.WaitAsync() == 0, trainer.Output);
            var outcome = await TrainingsCheck.ExactlyOneOutcomeAsync(installation, request);
            await PromoteAsync(installation, outcome.Version);
            trained++;
            await Task.Delay(every, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return trained;
    }

    /// <summary>Makes a version serve that the gate does not publish, since it lacks labels of the starter.</summary>
    private static async Task PromoteAsync(Installation installation, string version)
    {
        var reading = await installation.Registry.Pointers.ReadAsync("news", known: null, CancellationToken.None);
        if (reading.Current!.Version != version)
        {
            await installation.Registry.Pointers.PublishAsync("news", version, reading.ETag, CancellationToken.None);
        }
    }

    /// <summary>The least-squares slope per minute.</summary>
    private static double Slope(IReadOnlyList<Sample> samples, Func<Sample, double> value)
    {
        var (x, y) = (samples.Average(sample => sample.Minute), samples.Average(value));
        return samples.Sum(sample => (sample.Minute - x) * (value(sample) - y)) / samples.Sum(sample => Math.Pow(sample.Minute - x, 2));
    }

    private static double Median(IEnumerable<Sample> samples)
    {
        var ordered = samples.Select(sample => sample.Milliseconds).Order().ToArray();
        return ordered[ordered.Length / 2];
    }

    private sealed record Sample(double Minute, double Megabytes, double Handles, double Milliseconds);
}
