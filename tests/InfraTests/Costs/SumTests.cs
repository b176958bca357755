using Serverless.Costs;

namespace Serverless.InfraTests.Costs;

public sealed class SumTests
{
    [Fact]
    public void The_page_holds_the_sums_as_the_program_prints_them()
    {
        var page = Repository.Read("docs/scaling.md");

        Assert.Equal(page, Report.Update(page));
    }

    [Fact]
    public void A_page_without_the_marks_is_refused() =>
        Assert.Contains(Report.Begin, Assert.Throws<FormatException>(() => Report.Update("# Something else")).Message);

    [Fact]
    public void Every_number_says_where_it_is_from_and_when() => Assert.All(Prices.All.Concat(Measurements.All), input =>
    {
        Assert.True(input.Value > 0, input.Name);
        Assert.NotEmpty(input.Source);
        Assert.InRange(input.Date, new DateOnly(2026, 1, 1), DateOnly.FromDateTime(DateTime.UtcNow.AddDays(1)));
    });

    [Fact]
    public void A_replica_that_is_always_there_costs_its_processors_and_memory()
    {
        // 4 vCPU and 8 GiB, 730.5 hours: 4 x $63.12 + 8 x $7.89.
        Assert.Equal(315.58, Replica.Cpu.MonthlyDollars(rate: 1), tolerance: 0.01);
    }

    [Fact]
    public void Idle_costs_no_replica() => Assert.Equal((0, 0, 0), (MonthlyCost.Idle.Replicas, MonthlyCost.Idle.Requests, MonthlyCost.Idle.Logs));

    [Fact]
    public void The_same_articles_are_cheaper_at_once_than_evenly() =>
        Assert.All([10_000, 1_000_000], articles => Assert.True(MonthlyCost.AtOnce(articles).Total < MonthlyCost.Evenly(articles).Total));

    [Theory]
    [InlineData(0.1, 1)]
    [InlineData(0.79, 1)]
    [InlineData(0.81, 2)]
    [InlineData(14, 18)]
    public void Replicas_are_enough_for_the_rate_at_the_planned_load(double busyReplicas, int replicas) => Assert.Equal(replicas, Busy(busyReplicas).CpuReplicas);

    [Fact]
    public void The_first_replica_is_up_after_a_cold_start_and_more_take_a_polling_for_each_step()
    {
        Assert.Equal(Replica.Cpu.ColdStartSeconds, new Load(1).ScaleOutSeconds);
        // 1, 4, 8, 16, 32: four steps for eighteen replicas.
        Assert.Equal(Replica.Cpu.ColdStartSeconds + 4 * 30, Busy(14).ScaleOutSeconds);
    }

    [Fact]
    public void A_backlog_goes_with_what_the_replicas_have_left()
    {
        var load = new Load(100);
        var spare = load.CpuReplicas * Replica.Cpu.ArticlesPerSecond - load.Rate;

        Assert.Equal(load.Backlog, load.CatchUpSeconds * spare, tolerance: 1e-6);
        Assert.True(spare > 0);
    }

    [Fact]
    public void From_the_break_even_on_a_T4_is_never_dearer_and_just_below_it_is()
    {
        var rate = Load.T4PaysFrom;

        Assert.True(Replica.T4.MonthlyDollars(rate) <= Replica.Cpu.MonthlyDollars(rate));
        Assert.True(Replica.T4.MonthlyDollars(rate - 0.11) > Replica.Cpu.MonthlyDollars(rate - 0.11));
    }

    [Fact]
    public void One_queue_is_enough_until_its_limit_is_passed()
    {
        Assert.Equal(1, new Load(969).Queues);
        Assert.Equal(2, new Load(970).Queues);
    }

    [Fact]
    public void The_sums_take_what_the_Bicep_sets()
    {
        var functions = Repository.Read("infra/azure/modules/functions.bicep");

        Assert.Contains($"pollingInterval: {Measurements.ScalerPollingSeconds.Value}", functions);
        Assert.Contains($"cooldownPeriod: {Measurements.CooldownSeconds.Value}", functions);
        Assert.Contains($"articlesPerReplica int = {Measurements.ArticlesPerReplica.Value}", functions);
        Assert.Contains($"resultDays int = {Measurements.ResultDays.Value}", Repository.Read("infra/azure/modules/storage.bicep"));
        Assert.Contains($"param maxReplicas = {Measurements.MaxReplicas.Value}", Repository.Read("infra/azure/main.bicepparam"));
        Assert.Contains($"\"batchSize\": {Measurements.ReceiveBatch.Value}", Repository.Read("host.json"));
    }

    /// <summary>The rate that so many replicas master if they never rest.</summary>
    private static Load Busy(double replicas) => new(replicas * Replica.Cpu.ArticlesPerSecond);
}
