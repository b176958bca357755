using System.Globalization;
using System.Text;

namespace Serverless.Costs;

/// <summary>The sums as Markdown, which docs/scaling.md holds between two marks.</summary>
public static class Report
{
    public const string Begin = "<!-- sums: dotnet run --project infra/azure/costs -- docs/scaling.md -->";
    public const string End = "<!-- end of the sums -->";

    private static readonly double[] Rates = [1, 100, 1000];

    public static string Markdown()
    {
        var text = new StringBuilder();
        Costs(text);
        Loads(text);
        Partitions(text);
        Inputs(text, "Prices", Prices.All);
        Inputs(text, "Measurements and assumptions", Measurements.All);
        return text.ToString().TrimEnd();
    }

    /// <summary>The page with its sums replaced.</summary>
    public static string Update(string page)
    {
        var begin = page.IndexOf(Begin, StringComparison.Ordinal);
        var end = page.IndexOf(End, StringComparison.Ordinal);
        return begin >= 0 && end > begin
            ? $"{page[..begin]}{Begin}\n{Markdown()}\n{page[end..]}"
            : throw new FormatException($"The page must hold the line '{Begin}' and below it the line '{End}'.");
    }

    private static void Costs(StringBuilder text)
    {
        Heading(text, "A month, Llama 3.2 1B on CPU replicas");
        Row(text, "articles", "replicas", "requests", "space", "logs", "registry, alerts", "a month");
        Rule(text, 7);
        foreach (var cost in new[]
        {
            MonthlyCost.Idle, MonthlyCost.AtOnce(10_000), MonthlyCost.Evenly(10_000), MonthlyCost.AtOnce(1_000_000), MonthlyCost.Evenly(1_000_000),
        })
        {
            Row(text, cost.Case, Dollars(cost.Replicas), Dollars(cost.Requests), Dollars(cost.Space), Dollars(cost.Logs), Dollars(cost.Fixed), $"**{Dollars(cost.Total)}**");
        }

        text.Append($"\nOne retraining on the T4: **{Dollars(MonthlyCost.RetrainingDollars)}**.\n");
    }

    private static void Loads(StringBuilder text)
    {
        Heading(text, "Replicas, delay and cost at a steady rate");
        Row(text, "articles/s", "CPU replicas", "vCPU", "delay", "from zero, all up after", "backlog then", "gone after", "CPU a month", "T4 replicas", "T4 a month");
        Rule(text, 10);
        foreach (var load in Rates.Select(rate => new Load(rate)))
        {
            Row(
                text,
                Number(load.Rate),
                Number(load.CpuReplicas),
                Number(4 * load.CpuReplicas),
                Seconds(Load.SteadyDelaySeconds),
                Seconds(load.ScaleOutSeconds),
                Number(load.Backlog),
                Seconds(load.CatchUpSeconds),
                Dollars(Replica.Cpu.MonthlyDollars(load.Rate)),
                Number(load.T4Replicas),
                Dollars(Replica.T4.MonthlyDollars(load.Rate)));
        }

        text.Append(CultureInfo.InvariantCulture, $"\nA million articles cost {Dollars(Replica.Cpu.DollarsPerMillion)} on busy CPU replicas and {Dollars(Replica.T4.DollarsPerMillion)} on busy T4 ones. ")
            .Append(CultureInfo.InvariantCulture, $"From {Load.T4PaysFrom:0.0} articles/s on, T4 replicas are never the dearer ones. ")
            .Append(CultureInfo.InvariantCulture, $"A cold start takes {Seconds(Replica.Cpu.ColdStartSeconds)} on a CPU replica, of which {Seconds(Measurements.BaseGb / Measurements.DownloadGbPerSecond)} fetch the base model.\n");
    }

    private static void Partitions(StringBuilder text)
    {
        Heading(text, "What queues and tables take");
        Row(text, "articles/s", "queue operations/s", "queues needed", "classifications, a partition", "recent, a partition", "account operations/s", "accounts needed");
        Rule(text, 7);
        foreach (var load in Rates.Select(rate => new Load(rate)))
        {
            Row(
                text,
                Number(load.Rate),
                Number(load.QueueOperationsPerSecond),
                Number(load.Queues),
                $"{Number(load.ClassificationsPerPartition)} of {Number(Measurements.PartitionPerSecond)}/s",
                $"{Number(load.RecentPerPartition)} of {Number(Measurements.PartitionPerSecond)}/s",
                Number(load.AccountOperationsPerSecond),
                Number(load.Accounts));
        }
    }

    private static void Inputs(StringBuilder text, string title, IEnumerable<Input> inputs)
    {
        Heading(text, title);
        Row(text, "what", "value", "unit", "source", "date");
        Rule(text, 5);
        foreach (var input in inputs)
        {
            Row(text, input.Name, input.Value.ToString("0.######", CultureInfo.InvariantCulture), input.Unit, input.Source, $"{input.Date:yyyy-MM-dd}");
        }
    }

    private static void Heading(StringBuilder text, string title) => text.Append($"\n### {title}\n\n");

    private static void Row(StringBuilder text, params string[] cells) => text.Append($"| {string.Join(" | ", cells)} |\n");

    private static void Rule(StringBuilder text, int columns) => text.Append($"|{string.Concat(Enumerable.Repeat(" --- |", columns))}\n");

    private static string Dollars(double value) => value.ToString(value < 1000 ? "$0.00" : "$#,0", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString(value < 10 ? "0.##" : "#,0", CultureInfo.InvariantCulture);

    private static string Seconds(double value) => value < 120
        ? value.ToString("0.#", CultureInfo.InvariantCulture) + " s"
        : (value / 60).ToString("0.#", CultureInfo.InvariantCulture) + " min";
}
