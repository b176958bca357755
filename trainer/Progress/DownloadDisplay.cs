using Serverless.Trainer.Hub;
using Spectre.Console;

namespace Serverless.Trainer.Progress;

/// <summary>Shows the progress of a download: one bar per file on a terminal, otherwise one line per file.</summary>
internal static class DownloadDisplay
{
    /// <param name="fetch">Downloads a file; returns false if it was already there.</param>
    public static async Task ShowAsync(TextWriter log, IReadOnlyList<HubFile> files, Func<HubFile, IProgress<long>, Task<bool>> fetch)
    {
        if (log != Console.Error || Console.IsErrorRedirected)
        {
            foreach (var file in files)
            {
                log.WriteLine(Line(file, await fetch(file, new SynchronousProgress<long>(_ => { }))));
            }

            return;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        await console.Progress()
            .AutoClear(true)
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn { Width = 24 },
                new DownloadedColumn(),
                new TransferSpeedColumn(),
                new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                foreach (var file in files)
                {
                    var bar = context.AddTask(Markup.Escape(file.Path), maxValue: Math.Max(1, file.Size));
                    var fresh = await fetch(file, new SynchronousProgress<long>(bytes => bar.Value = bytes));
                    bar.StopTask();
                    console.WriteLine(Line(file, fresh));
                }
            });
    }

    private static string Line(HubFile file, bool downloaded)
    {
        var hash = file.Sha256 is null ? "git id" : "SHA-256";
        return $"{file.Path}  {FileSize.Format(file.Size)}  {(downloaded ? "downloaded" : "already there")}, {hash} verified";
    }
}

/// <summary>Formats a number of bytes.</summary>
internal static class FileSize
{
    public static string Format(long bytes) => bytes switch
    {
        < 1000 => FormattableString.Invariant($"{bytes} B"),
        < 1_000_000 => FormattableString.Invariant($"{bytes / 1e3:0.#} kB"),
        < 1_000_000_000 => FormattableString.Invariant($"{bytes / 1e6:0.#} MB"),
        _ => FormattableString.Invariant($"{bytes / 1e9:0.##} GB"),
    };
}
