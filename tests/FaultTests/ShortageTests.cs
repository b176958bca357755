using System.Net;
using System.Text.Json;
using Serverless.FaultTests.Checks;
using Serverless.FaultTests.Programs;
using Serverless.FaultTests.Report;
using Serverless.Training;

namespace Serverless.FaultTests;

/// <summary>What the machine lacks: room, the right to write, a network. One clear sentence each, and recovery without a hand.</summary>
public sealed class ShortageTests
{
    private const string NoMount = "Mounting a file system is not allowed here; it takes root.";

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Disk full", "size=2m", "size=300m", "No space left on device")]
    [InlineData("Read-only folder", "size=300m,ro", "rw", "Read-only file system")]
    public async Task A_folder_that_cannot_take_the_model_is_told_and_the_functions_go_on_when_it_can(string name, string bad, string good, string sentence)
    {
        using var disk = SmallDisk.TryMount(bad);
        Assert.SkipWhen(disk is null, NoMount);
        await ReliabilityReport.RecordAsync(
            $"{name}: functions and trainer",
            "once",
            $"classify answers 503 and the run's row says '{sentence}'; nothing half is left; both go on by themselves when the folder is mended",
            async () =>
            {
                await using var installation = await Installation.StartAsync();
                installation.Settings["Classifier__CacheFolder"] = Path.Combine(disk.Path, "models");
                installation.Settings["Classifier__LoadWait"] = "00:00:03";
                await using var functions = await installation.StartFunctions().AnswersAsync();
                var request = await Articles.RequestTrainingAsync(installation.Storage, 0);

                await SaysAsync(functions, sentence);
                await using (var trainer = installation.StartTrainer())
                {
                    Assert.Equal(1, await trainer.WaitAsync());
                    Assert.DoesNotContain("   at ", trainer.Output, StringComparison.Ordinal);
                }

                var failed = Assert.Single(await new TrainingRuns(installation.Storage).ListAsync(request.Classifier, Ended));
                Assert.Equal(TrainingState.Failed, failed.State);
                Assert.Contains(sentence, failed.Reason, StringComparison.Ordinal);
                Assert.Empty(Directory.EnumerateDirectories(disk.Path, "*.download", SearchOption.AllDirectories));

                disk.Remount(good);
                await functions.ReadyAsync();
                await Articles.SendAsync(installation.Storage, request);
                await using (var trainer = installation.StartTrainer())
                {
                    Assert.True(await trainer.WaitAsync() == 0, trainer.Output);
                }

                await TrainingsCheck.ExactlyOneOutcomeAsync(installation, request);
                return "told in one sentence; recovered";
            });
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_written_gives_one_clear_sentence()
    {
        using var disk = SmallDisk.TryMount("size=1m,ro");
        Assert.SkipWhen(disk is null, NoMount);
        await ReliabilityReport.RecordAsync(
            "Read-only folder: the local system",
            "once",
            "it ends with exit code 1 and one sentence that names the folder and what to do",
            async () =>
            {
                await using var up = RunningProgram.Start(["dotnet", Repository.LocalSystem, "up", "--data", Path.Combine(disk.Path, "data")], new Dictionary<string, string>());

                Assert.Equal(1, await up.WaitAsync());
                Assert.Matches(@"^The folder \S+ cannot be written: .*Read-only file system.*\. Make it writable, or choose another one with --data FOLDER\.\n$", up.Output);
                return up.Output.Trim().Replace(disk.Path, "…", StringComparison.Ordinal);
            });
    }

    [Fact]
    public async Task Programs_that_start_before_storage_can_be_reached_say_so_and_go_on_when_it_can() => await ReliabilityReport.RecordAsync(
        "No network at the start: functions and trainer",
        "once",
        "health answers, classify answers 503 with one sentence, the trainer ends with one sentence; when storage is there, an article of the queue is classified and the training done",
        async () =>
        {
            await using var installation = await Installation.StartAsync();
            installation.Settings["Storage"] = installation.Emulator.ConnectionString;
            installation.Settings["Classifier__LoadWait"] = "00:00:03";
            await Articles.SendAsync(installation.Storage, 0);
            var request = await Articles.RequestTrainingAsync(installation.Storage, 0);
            await installation.Emulator.Program.StopAsync();

            await using var functions = await installation.StartFunctions().AnswersAsync();
            await using (var trainer = installation.StartTrainer())
            {
                Assert.Equal(1, await trainer.WaitAsync());
                Assert.Matches(@"^Storage cannot be reached: Connection refused \(127\.0\.0\.1:\d+\)\.\n$", trainer.Output);
            }

            await SaysAsync(functions, "Storage cannot be reached: Connection refused");
            await installation.Emulator.StartAsync();
            await ResultsCheck.CompleteAsync(installation.Storage, [Articles.Id(0)]);
            await using (var trainer = installation.StartTrainer())
            {
                Assert.True(await trainer.WaitAsync() == 0, trainer.Output);
            }

            await TrainingsCheck.ExactlyOneOutcomeAsync(installation, request);
            return "told in one sentence; recovered";
        });

    /// <summary>Classify answers 503, at first that the model is being loaded, and soon why it cannot be.</summary>
    private static Task SaysAsync(FunctionsProgram functions, string sentence) => Eventually.TrueAsync(
        async () =>
        {
            var (status, body) = await functions.PostAsync("classify", """{"text":"The cup final."}""");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
            return JsonDocument.Parse(body).RootElement.GetProperty("detail").GetString()!.Contains(sentence, StringComparison.Ordinal);
        },
        $"'{sentence}'");
}
