using System.Globalization;
using System.Text;

namespace Serverless.Costs;

/// <summary>The estimates as Markdown, which docs/scaling.md contains between two markers.</summary>
public static class Report
{
    public const string Begin = "<!-- estimates: dotnet run --project infra/azure/costs -- docs/scaling.md -->";
    public const string End = "<!-- estimates: end -->";

    private static readonly double[] Rates = [1, 100, 1000];

    public static string Markdown()
    {
        var text = new StringBuilder("\n## Estimates\n");
        Costs(text);
        Loads(text);
        Partitions(text);
        text.Append("\n## Appendix: inputs of the estimates\n");
        Inputs(text, "Prices", Prices.All);
        Inputs(text, "Measurements and assumptions", Measurements.All);
        return text.ToString().TrimEnd();
    }

    /// <summary>Replaces the estimates of a page.</summary>
    public static string Update(string page)
    {
        var begin = page.IndexOf(Begin, StringComparison.Ordinal);
        var end = page.IndexOf(End, StringComparison.Ordinal);
        return begin >= 0 && end > begin
            ? $"{page[..begin]}{Begin}\n{Markdown()}\n{page[end..]}"
            : throw new FormatException($"The page must contain the line '{Begin}' and, below it, the line '{End}'.");
    }

    private static void Costs(StringBuilder text)
    {
        Heading(text, "Cost of a month, Llama 3.2 1B on CPU replicas");
        Row(text, "articles", "replicas", "requests", "space", "logs", "registry, alerts", "total");
        Rule(text, 7);
        foreach (var cost in new[]
        {
            MonthlyCost.Idle, MonthlyCost.AtOnce(10_000), MonthlyCost.Evenly(10_000), MonthlyCost.AtOnce(1_000_000), MonthlyCost.Evenly(1_000_000),
        })
        {
            Row(
                text,
                cost.Case,
                Dollars(cost.Replicas),
                Dollars(cost.Requests),
                Dollars(cost.Space),
                Dollars(cost.Logs),
                Dollars(cost.Fixed),
                $"**{Dollars(cost.Total)}**");
        }

        text.Append(
            $"\nOne retraining on the T4: **{Dollars(MonthlyCost.RetrainingDollars)}**. " +
            $"Logs and telemetry of a million HTTP requests: **{Dollars(MonthlyCost.LogsOfAMillionRequests)}**.\n");
    }

    private static void Loads(StringBuilder text)
    {
        Heading(text, "Replicas, delay and cost at a steady rate");
        Row(text, "articles/s", "CPU replicas", "vCPU", "delay", "scale-out from zero", "backlog", "catch-up", "CPU, month", "T4 replicas", "T4, month");
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

        text.Append(
            $"\nA million articles cost {Dollars(Replica.Cpu.DollarsPerMillion)} on busy CPU replicas " +
            $"and {Dollars(Replica.T4.DollarsPerMillion)} on busy T4 replicas. " +
            $"From {Number(Load.T4PaysFrom)} articles/s on, T4 replicas cost less than CPU replicas, or the same. " +
            $"A cold start takes {Seconds(Replica.Cpu.ColdStartSeconds)} on a CPU replica, " +
            $"{Seconds(Measurements.BaseGb / Measurements.DownloadGbPerSecond)} of it to download the base model.\n");
    }

    private static void Partitions(StringBuilder text)
    {
        Heading(text, "Load of queues and tables");
        Row(
            text,
            "articles/s",
            "queue operations/s",
            "queues",
            "classifications, per partition",
            "recent, per partition",
            "account operations/s",
            "accounts");
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
        Row(text, "input", "value", "unit", "source", "date");
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
