using System.Globalization;
using System.Text.RegularExpressions;
using Serverless.Costs;

namespace Serverless.InfraTests.Costs;

public sealed partial class EstimateTests
{
    [Fact]
    public void The_page_contains_the_estimates_that_the_program_prints()
    {
        var page = Repository.Read("docs/scaling.md");

        Assert.Equal(page, Report.Update(page));
    }

    [Fact]
    public void The_rate_and_the_time_of_one_article_are_those_of_the_benchmark()
    {
        var row = BenchmarkRow().Match(Repository.Read("BENCHMARKS.md"));
        var page = Repository.Read("docs/scaling.md");

        Assert.Equal(Measurements.CpuArticlesPerSecond.Value, double.Parse(row.Groups["rate"].Value, CultureInfo.InvariantCulture));
        Assert.Contains($"{row.Groups["rate"].Value} articles/s, was measured", page, StringComparison.Ordinal);
        Assert.Contains($"one of 64 tokens took {row.Groups["milliseconds"].Value} ms", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_page_without_the_markers_is_refused() =>
        Assert.Contains(Report.Begin, Assert.Throws<FormatException>(() => Report.Update("# Something else")).Message);

    [Fact]
    public void Every_input_has_a_source_and_a_date() => Assert.All(Prices.All.Concat(Measurements.All), input =>
    {
        Assert.True(input.Value > 0, input.Name);
        Assert.NotEmpty(input.Source);
        Assert.InRange(input.Date, new DateOnly(2026, 1, 1), DateOnly.FromDateTime(DateTime.UtcNow.AddDays(1)));
    });

    [Fact]
    public void A_replica_that_always_runs_costs_its_processors_and_memory()
    {
        // 4 vCPU and 8 GiB, 730.5 hours: 4 x $63.12 + 8 x $7.89.
        Assert.Equal(315.58, Replica.Cpu.MonthlyDollars(rate: 1), tolerance: 0.01);
    }

    [Fact]
    public void Without_articles_no_replica_is_paid_for() =>
        Assert.Equal((0, 0, 0), (MonthlyCost.Idle.Replicas, MonthlyCost.Idle.Requests, MonthlyCost.Idle.Logs));

    [Fact]
    public void The_same_articles_cost_less_at_once_than_evenly() =>
        Assert.All([10_000, 1_000_000], articles => Assert.True(MonthlyCost.AtOnce(articles).Total < MonthlyCost.Evenly(articles).Total));

    [Theory]
    [InlineData(0.1, 1)]
    [InlineData(0.79, 1)]
    [InlineData(0.81, 2)]
    [InlineData(14, 18)]
    public void Replicas_are_enough_for_the_rate_at_the_planned_load(double busyReplicas, int replicas) =>
        Assert.Equal(replicas, Busy(busyReplicas).CpuReplicas);

    [Fact]
    public void The_first_replica_takes_a_cold_start_and_each_further_step_a_polling()
    {
        Assert.Equal(Replica.Cpu.ColdStartSeconds, new Load(1).ScaleOutSeconds);
        // 1, 4, 8, 16, 32: four steps for eighteen replicas.
        Assert.Equal(Replica.Cpu.ColdStartSeconds + 4 * 30, Busy(14).ScaleOutSeconds);
    }

    [Fact]
    public void A_backlog_is_processed_with_the_spare_capacity_of_the_replicas()
    {
        var load = new Load(100);
        var spare = load.CpuReplicas * Replica.Cpu.ArticlesPerSecond - load.Rate;

        Assert.Equal(load.Backlog, load.CatchUpSeconds * spare, tolerance: 1e-6);
        Assert.True(spare > 0);
    }

    [Fact]
    public void From_the_break_even_on_T4_replicas_cost_no_more_and_just_below_they_do()
    {
        var rate = Load.T4PaysFrom;

        Assert.True(Replica.T4.MonthlyDollars(rate) <= Replica.Cpu.MonthlyDollars(rate));
        Assert.True(Replica.T4.MonthlyDollars(rate - 0.11) > Replica.Cpu.MonthlyDollars(rate - 0.11));
    }

    [Fact]
    public void One_queue_is_enough_until_its_limit_is_reached()
    {
        Assert.Equal(1, new Load(969).Queues);
        Assert.Equal(2, new Load(970).Queues);
    }

    [Fact]
    public void The_estimates_use_the_settings_of_the_Bicep_files()
    {
        var functions = Repository.Read("infra/azure/modules/functions.bicep");

        Assert.Contains($"pollingInterval: {Measurements.ScalerPollingSeconds.Value}", functions);
        Assert.Contains($"cooldownPeriod: {Measurements.CooldownSeconds.Value}", functions);
        Assert.Contains($"articlesPerReplica int = {Measurements.ArticlesPerReplica.Value}", functions);
        Assert.Contains($"resultDays int = {Measurements.ResultDays.Value}", Repository.Read("infra/azure/modules/storage.bicep"));
        var alerts = Repository.Read("infra/azure/modules/alerts.bicep");
        Assert.Equal(Measurements.LogRules.Value, Rules(alerts, "    query: "));
        Assert.Equal(Measurements.MetricRules.Value, Rules(alerts, "      window: "));
        Assert.Contains($"param maxReplicas = {Measurements.MaxReplicas.Value}", Repository.Read("infra/azure/main.bicepparam"));
        Assert.Contains($"\"batchSize\": {Measurements.ReceiveBatch.Value}", Repository.Read("host.json"));
    }

    private static int Rules(string alerts, string field) => alerts.Split('\n').Count(line => line.StartsWith(field, StringComparison.Ordinal));

    /// <summary>The rate that keeps this many replicas fully busy.</summary>
    private static Load Busy(double replicas) => new(replicas * Replica.Cpu.ArticlesPerSecond);

    [GeneratedRegex(@"\| this project, bf16 \| (?<rate>[\d.]+) \|.*\| (?<milliseconds>\d+) \|")]
    private static partial Regex BenchmarkRow();
}
