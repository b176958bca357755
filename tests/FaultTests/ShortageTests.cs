using System.Net;
using System.Text.Json;
using Serverless.FaultTests.Checks;
using Serverless.FaultTests.Programs;
using Serverless.FaultTests.Report;
using Serverless.Training;

namespace Serverless.FaultTests;

/// <summary>A full disk, a read-only folder, no network: each is reported in one sentence, and the programs recover by themselves.</summary>
public sealed class ShortageTests
{
    private const string NoMount = "Mounting a file system needs root.";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Disk full", "size=2m", "size=300m", "No space left on device")]
    [InlineData("Read-only folder", "size=300m,ro", "rw", "Read-only file system")]
    public async Task A_cache_folder_that_cannot_be_written_is_reported_and_recovered_from(string name, string bad, string good, string sentence)
    {
        using var disk = SmallDisk.TryMount(bad);
        Assert.SkipWhen(disk is null, NoMount);
        await ReliabilityReport.RecordAsync(
            $"{name}: functions and trainer",
            "once",
            $"classify responds with 503 and the row of the run says '{sentence}'; no partial download is left; both continue by themselves when the folder is writable",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                installation.Settings["Classifier__CacheFolder"] = Path.Combine(disk.Path, "models");
                installation.Settings["Classifier__LoadWait"] = "00:00:03";
                await using var functions = await installation.StartFunctions().ListeningAsync();
                var request = await Articles.RequestTrainingAsync(installation.Storage, 0);

                await ReportsAsync(functions, sentence);
                await using (var trainer = installation.StartTrainer())
                {
                    Assert.Equal(1, await trainer.WaitAsync());
                    Assert.DoesNotContain("   at ", trainer.Output, StringComparison.Ordinal);
                }

                var failed = Assert.Single(await new TrainingRuns(installation.Storage).ListAsync(request.Classifier, CancellationToken));
                Assert.Equal(TrainingState.Failed, failed.State);
                Assert.Contains(sentence, failed.Reason, StringComparison.Ordinal);
                // The functions try again from time to time, so an attempt may be under way.
                await Eventually.TrueAsync(
                    () => Task.FromResult(!Directory.EnumerateDirectories(disk.Path, "*.download", SearchOption.AllDirectories).Any()), "no partial download");

                disk.Remount(good);
                await functions.ReadyAsync();
                await Articles.SendAsync(installation.Storage, request);
                await using (var trainer = installation.StartTrainer())
                {
                    Assert.True(await trainer.WaitAsync() == 0, trainer.Output);
                }

                await TrainingsCheck.ExactlyOneOutcomeAsync(installation, request);
                return "reported in one sentence; recovered";
            });
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_written_is_reported_in_one_sentence()
    {
        using var disk = SmallDisk.TryMount("size=1m,ro");
        Assert.SkipWhen(disk is null, NoMount);
        await ReliabilityReport.RecordAsync(
            "Read-only folder: the local system",
            "once",
            "it exits with code 1 and one sentence with the folder and what to do",
            async () =>
            {
                await using var up = RunningProgram.Start(["dotnet", Repository.LocalSystem, "up", "--data", Path.Combine(disk.Path, "data")], new Dictionary<string, string>());

                Assert.Equal(1, await up.WaitAsync());
                Assert.Matches(@"^The folder \S+ cannot be written: .*Read-only file system.*\. Make it writable, or choose another one with --data FOLDER\.\n$", up.Output);
                return up.Output.Trim().Replace(disk.Path, "…", StringComparison.Ordinal);
            });
    }

    [Fact]
    public async Task Programs_that_start_without_storage_report_it_and_recover() => await ReliabilityReport.RecordAsync(
        "No network at the start: functions and trainer",
        "once",
        "health responds, classify responds with 503 and one sentence, the trainer exits with one sentence; when storage is available, an article of the queue is classified and the training is done",
        async () =>
        {
            await using var installation = await Installation.StartAsync();
            installation.Settings["Storage"] = installation.Emulator.ConnectionString;
            installation.Settings["Classifier__LoadWait"] = "00:00:03";
            await Articles.SendAsync(installation.Storage, 0);
            var request = await Articles.RequestTrainingAsync(installation.Storage, 0);
            await installation.Emulator.Program.StopAsync();

            await using var functions = await installation.StartFunctions().ListeningAsync();
            await using (var trainer = installation.StartTrainer())
            {
                Assert.Equal(1, await trainer.WaitAsync());
                Assert.Matches(@"^Storage cannot be reached: Connection refused \(127\.0\.0\.1:\d+\)\.\n$", trainer.Output);
            }

            await ReportsAsync(functions, "Storage cannot be reached: Connection refused");
            await installation.Emulator.StartAsync();
            await ResultsCheck.CompleteAsync(installation.Storage, [Articles.Id(0)]);
            await using (var trainer = installation.StartTrainer())
            {
                Assert.True(await trainer.WaitAsync() == 0, trainer.Output);
            }

            await TrainingsCheck.ExactlyOneOutcomeAsync(installation, request);
            return "reported in one sentence; recovered";
        });

    /// <summary>Waits until classify responds with 503 and the sentence. Before that it reports that the model is loading.</summary>
    private static Task ReportsAsync(FunctionsProgram functions, string sentence) => Eventually.TrueAsync(
        async () =>
        {
            var (status, body) = await functions.PostAsync("classify", """{"text":"The cup final."}""");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
            return JsonDocument.Parse(body).RootElement.GetProperty("detail").GetString()!.Contains(sentence, StringComparison.Ordinal);
        },
        $"'{sentence}'");
}
