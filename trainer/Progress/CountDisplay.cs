using Spectre.Console;

namespace Serverless.Trainer.Progress;

/// <summary>Shows the progress of a count: a bar on a terminal, otherwise one line per 10 %.</summary>
internal static class CountDisplay
{
    public static async Task<T> ShowAsync<T>(TextWriter log, string what, int count, Func<IProgress<int>, Task<T>> work)
    {
        if (log != Console.Error || Console.IsErrorRedirected)
        {
            return await work(new SynchronousProgress<int>(done =>
            {
                if (done == count || done % Math.Max(1, count / 10) == 0)
                {
                    log.WriteLine($"{what}: {done} of {count}");
                }
            }));
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var bar = context.AddTask(Markup.Escape(what), maxValue: Math.Max(1, count));
                return await work(new SynchronousProgress<int>(done => bar.Value = Math.Max(bar.Value, done)));
            });
    }
}
