using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Jobs;
using Serverless.Trainer.Progress;
using Serverless.Trainer.Training;
using Serverless.Training;
using Serverless.UnitTests.Trainer.Jobs;
using Spectre.Console;

namespace Serverless.UnitTests.Trainer.Progress;

public sealed class ProgressTests(Emulator emulator)
{
    private static readonly TrainingProgress Middle = new(
        Step: 50, Steps: 3750, Loss: 0.5, LearningRate: 4.9e-5, ArticlesPerSecond: 80.4, Remaining: TimeSpan.FromMinutes(62), GpuMemory: 5_900_000_000, new EvaluationPoint(50, 0.4, 0.9, 0.8));

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public void A_line_has_all_fields_and_omits_the_last_ones_where_it_is_narrow()
    {
        Assert.Equal("step   50/3750  loss 0.250  1:02:00 left  80 articles/s  lr 4.9e-5  GPU 5.9 GB", ProgressLine.Format(Middle, loss: 0.25));
        Assert.Equal("step   50/3750  loss 0.250  1:02:00 left", ProgressLine.Format(Middle, loss: 0.25, width: 50));
    }

    [Fact]
    public void Without_a_terminal_there_are_lines_with_the_mean_loss_and_for_evaluations()
    {
        using var log = new StringWriter();
        var progress = new PlainProgress(log, loggingSteps: 2);

        foreach (var step in Enumerable.Range(1, 5))
        {
            progress.Report(Middle with { Step = step, Steps = 5, Loss = step, Evaluation = step == 5 ? new EvaluationPoint(5, 0.4, 0.9) : null });
        }

        var lines = log.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] begin = ["step 2/5  loss 1.500  ", "step 4/5  loss 3.500  ", "step 5/5  loss 5.000  ", "step 5/5  held-out loss 0.400  accuracy 0.9000"];
        Assert.All(begin.Zip(lines), pair => Assert.StartsWith(pair.First, pair.Second, StringComparison.Ordinal));
        Assert.Equal(begin.Length, lines.Length);
    }

    [Fact]
    public void On_a_terminal_a_bar_shows_where_it_stands_and_each_evaluation_gets_a_line()
    {
        using var written = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(written), Ansi = AnsiSupport.No });
        var bar = new ProgressTask(0, "reading", maxValue: 1);
        var progress = new LiveProgress(console, bar);

        foreach (var step in Enumerable.Range(1, 60))
        {
            progress.Report(Middle with { Step = step, Steps = 60, Loss = step, Evaluation = step == 30 ? new EvaluationPoint(30, 0.4, 0.9, 0.8) : null });
        }

        Assert.Equal((60, 60), (bar.Value, bar.MaxValue));
        Assert.StartsWith("step 60/60  loss 58.000  1:02:00 left", bar.Description, StringComparison.Ordinal); // the last three steps weigh most
        Assert.Equal("step 30/60  held-out loss 0.400  accuracy 0.9000  macro F1 0.8000", written.ToString().Trim());
    }

    [Fact]
    public async Task The_row_of_a_job_has_the_same_while_it_runs()
    {
        var runs = new TrainingRuns(await emulator.NewAccountAsync());
        await using var row = await TrainingRunReporter.StartAsync(runs, new TrainingRun("topics", "v1") { State = TrainingState.Queued }, new FastTime(), CancellationToken);

        row.Report(Middle);

        TrainingRun run;
        do
        {
            run = Assert.Single(await runs.ListAsync("topics", CancellationToken));
        }
        while (run.Step is null);
        Assert.Equal((TrainingState.Running, 50 / 3750.0, "step 50 of 3750"), (run.State, run.Progress, run.Step));
        Assert.Equal(
            new Dictionary<string, double>
            {
                ["step"] = 50,
                ["steps"] = 3750,
                ["trainingLoss"] = 0.5,
                ["learningRate"] = 4.9e-5,
                ["articlesPerSecond"] = 80.4,
                ["secondsRemaining"] = 3720,
                ["gpuMemoryBytes"] = 5_900_000_000,
                ["accuracy"] = 0.9,
                ["loss"] = 0.4,
                ["macroF1"] = 0.8,
            },
            run.Metrics);
    }
}
