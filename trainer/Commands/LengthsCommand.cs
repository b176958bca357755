using System.CommandLine;
using System.Globalization;
using Serverless.Llama.Files;
using Serverless.Trainer.Data;
using Serverless.Trainer.Evaluation;
using Serverless.Trainer.Reports;
using Serverless.Trainer.Training;
using Spectre.Console;

namespace Serverless.Trainer.Commands;

/// <summary><c>trainer lengths</c>: the token lengths of a data set, and what each <c>--max-length</c> would truncate and cost.</summary>
internal static class LengthsCommand
{
    private const int TerminalBins = 20;

    private static readonly int[] Limits = [64, 96, 128, 192, 256, 512];
    private static readonly double[] Percentiles = [.5, .75, .9, .95, .99, 1];

    public static Command Create()
    {
        var baseFolder = StarterOptions.Base();
        var plot = new Option<FileInfo?>("--plot") { Description = "PNG file for the histogram.", HelpName = "file" };
        var maxLength = NumberOption.Create<int>("--max-length", "An additional limit to compare; the plot marks it.", min: 2);
        var command = new Command("lengths", "Show the token lengths of a data set, to help choose --max-length.") { baseFolder, plot, maxLength };
        var data = new DataOptions(command, "all rows are counted.");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var file = await data.ReadAsync(parsed, cancellationToken);
            var warning = ClassBalance.Describe(file.Rows, isWeighted: false);
            DataOptions.WriteNotes(Console.Error, warning is null ? file.AllNotes : [.. file.AllNotes, warning]);
            var folder = ModelFolders.Read(() => HuggingFaceFolder.Open(parsed.GetRequiredValue(baseFolder).FullName));
            var tokenizer = ModelFolders.Read(folder.ReadTokenizer);
            var lengths = new TokenLengths(file.Rows.Select(row =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                return tokenizer.Encode(row.Text, int.MaxValue).Ids.Length;
            }));
            var limit = parsed.GetValue(maxLength);
            var limits = Limits.Append(limit ?? Limits[0]).Distinct().Order();
            Write(AnsiConsole.Console, file.Name, lengths, [.. limits.Select(limit => lengths.At(limit, folder.Config))]);
            if (parsed.GetValue(plot) is { } target)
            {
                target.Directory!.Create();
                File.WriteAllBytes(target.FullName, TokenLengthsPlot.Draw(lengths, limit, PlotTheme.Light));
                Console.Error.WriteLine($"plot written to {target.FullName}");
            }
        });
        return command;
    }

    internal static void Write(IAnsiConsole console, string name, TokenLengths lengths, IReadOnlyList<LimitCost> costs)
    {
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold]{name}[/]: {lengths.Count:N0} articles, {lengths.Mean:0.0} tokens on average");
        console.WriteLine();
        var bins = lengths.Histogram(TerminalBins);
        var chart = new BarChart()
            .Width(Math.Min(console.Profile.Width, 90))
            .UseValueFormatter((value, _) => value.ToString("N0", CultureInfo.InvariantCulture));
        chart.AddItems(bins, bin => new BarChartItem(
            bin == bins[^1] && bin.To > bin.From + bin.Width ? $"{bin.From} and more" : $"{bin.From}–{bin.To - 1}",
            bin.Articles,
            Color.SteelBlue1));
        console.Write(chart);
        console.WriteLine();

        var percentiles = new Table().Border(TableBorder.Rounded).AddColumn("articles");
        foreach (var share in Percentiles)
        {
            percentiles.AddColumn(new TableColumn(share == 1 ? "all" : $"{share:0 %}").RightAligned());
        }

        percentiles.AddRow(["tokens at most", .. Percentiles.Select(share => lengths.Percentile(share).ToString("N0", CultureInfo.InvariantCulture))]);
        console.Write(percentiles);

        var table = new Table().Border(TableBorder.Rounded)
            .AddColumn(new TableColumn("--max-length").RightAligned())
            .AddColumn(new TableColumn("articles cut").RightAligned())
            .AddColumn(new TableColumn("tokens kept").RightAligned())
            .AddColumn(new TableColumn("cost").RightAligned())
            .AddColumn(new TableColumn("cost, if padded").RightAligned());
        foreach (var cost in costs)
        {
            table.AddRow(
                cost.Limit.ToString("N0", CultureInfo.InvariantCulture),
                Percent(cost.Truncated),
                Percent(cost.TokensKept),
                Percent(cost.Cost),
                Percent(cost.PaddedCost));
        }

        table.AddRow("none", Percent(0), Percent(1), Percent(1), "");
        console.Write(table);
        console.MarkupLine(
            "[grey]Cost: multiplications of a forward pass, relative to no limit. " +
            "This trainer does not pad; the last column is for trainers that do.[/]");
    }

    private static string Percent(double share) => share.ToString("0.0 %", CultureInfo.InvariantCulture);
}
