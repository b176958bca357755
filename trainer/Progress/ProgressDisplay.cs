using System.Text;
using Serverless.Trainer.Training;
using Spectre.Console;

namespace Serverless.Trainer.Progress;

/// <summary>Shows the progress of a training: a live bar on a terminal, otherwise plain lines.</summary>
internal static class ProgressDisplay
{
    /// <param name="training">Receives the progress to report to, and a writer for log lines, which appear above the bar on a terminal.</param>
    public static T Show<T>(TextWriter log, int loggingSteps, Func<IProgress<TrainingProgress>, TextWriter, T> training)
    {
        if (log != Console.Error || Console.IsErrorRedirected)
        {
            return training(new PlainProgress(log, loggingSteps), log);
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        using var lines = new ConsoleLineWriter(console);
        return console.Progress()
            .AutoClear(false)
            .Columns(
                new ProgressBarColumn { Width = LiveProgress.BarWidth(console) },
                new PercentageColumn(),
                new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context => training(new LiveProgress(console, context.AddTask("loading")), lines));
    }

    private sealed class ConsoleLineWriter(IAnsiConsole console) : TextWriter
    {
        private readonly StringBuilder line = new();

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value)
        {
            if (value == '\n')
            {
                console.WriteLine(line.ToString());
                line.Clear();
            }
            else if (value != '\r')
            {
                line.Append(value);
            }
        }
    }
}
