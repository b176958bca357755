namespace Serverless.Costs;

/// <summary>A replica of the functions: its rate, its price and its cold start.</summary>
public sealed record Replica(string Name, double ArticlesPerSecond, double DollarsPerSecond, double ColdStartSeconds)
{
    /// <summary>4 vCPU and 8 GiB on the Consumption profile.</summary>
    public static Replica Cpu { get; } = new(
        "4 vCPU",
        Measurements.CpuArticlesPerSecond,
        4 * Prices.VcpuSecond + 8 * Prices.GibSecond,
        ColdStart(Measurements.FunctionsImageGb));

    /// <summary>A T4 with its 8 vCPU and 56 GiB. Theoretical: the functions do not serve on a GPU today.</summary>
    public static Replica T4 { get; } = new(
        "T4",
        Measurements.T4ArticlesPerSecond,
        Prices.T4Hour / 3600,
        ColdStart(Measurements.TrainerImageGb));

    /// <summary>Replicas for a steady rate (articles a second).</summary>
    public int CountFor(double rate) => (int)Math.Ceiling(rate / (ArticlesPerSecond * Measurements.Utilisation));

    public double MonthlyDollars(double rate) => CountFor(rate) * DollarsPerSecond * Month.Seconds;

    /// <summary>The price of a million articles on replicas at the planned load.</summary>
    public double DollarsPerMillion => 1e6 / (ArticlesPerSecond * Measurements.Utilisation) * DollarsPerSecond;

    /// <summary>At most one polling of the scaler, then the start of the replica, the image, the base model and its first read.</summary>
    private static double ColdStart(double imageGb) =>
        Measurements.ScalerPollingSeconds
        + Measurements.StartSeconds
        + imageGb / Measurements.PullGbPerSecond
        + Measurements.BaseGb / Measurements.DownloadGbPerSecond
        + Measurements.LoadSeconds;
}

/// <summary>The replicas, queues and tables that a steady rate needs.</summary>
/// <param name="Rate">Articles a second, at all times.</param>
public sealed record Load(double Rate)
{
    public int CpuReplicas => Replica.Cpu.CountFor(Rate);

    public int T4Replicas => Replica.T4.CountFor(Rate);

    /// <summary>The delay of an article when the replicas run: the batch before it and its own batch.</summary>
    public static double SteadyDelaySeconds => 2 * Measurements.CpuBatchSeconds;

    /// <summary>From zero replicas: the cold start of the first, then the steps of the platform (1, 4, then doubling), one per polling.</summary>
    public double ScaleOutSeconds
    {
        get
        {
            var steps = 0;
            for (var replicas = 1; replicas < CpuReplicas; replicas = Math.Max(4, 2 * replicas))
            {
                steps++;
            }

            return Replica.Cpu.ColdStartSeconds + steps * Measurements.ScalerPollingSeconds;
        }
    }

    /// <summary>Articles that wait when the last replica is ready. An upper bound: the work of the earlier replicas is not subtracted.</summary>
    public double Backlog => Rate * ScaleOutSeconds;

    /// <summary>The time until the backlog is processed, with the replicas that the rate needs.</summary>
    public double CatchUpSeconds => Backlog / (CpuReplicas * Replica.Cpu.ArticlesPerSecond - Rate);

    /// <summary>A put and a delete for each message; a get returns several messages.</summary>
    public double QueueOperationsPerSecond => Rate * (2 + 1 / Measurements.ReceiveBatch);

    public int Queues => (int)Math.Ceiling(QueueOperationsPerSecond / Measurements.QueuePerSecond);

    /// <summary>In the table <c>classifications</c>, for one classifier: a read and a write.</summary>
    public double ClassificationsPerPartition => Rate * 2 / Measurements.ClassificationPartitions;

    /// <summary>In the table <c>recent</c>: all rows of a classifier and an hour are in one partition.</summary>
    public double RecentPerPartition => Rate;

    public double AccountOperationsPerSecond => QueueOperationsPerSecond + Rate * (Measurements.TableOperations + 1);

    public int Accounts => (int)Math.Ceiling(AccountOperationsPerSecond / Measurements.AccountPerSecond);

    /// <summary>The lowest rate (articles a second) above which T4 replicas cost at most as much as CPU replicas, up to 1,000.</summary>
    public static double T4PaysFrom
    {
        get
        {
            var rate = 1000.0;
            while (rate > 0.1 && Replica.T4.MonthlyDollars(rate - 0.1) <= Replica.Cpu.MonthlyDollars(rate - 0.1))
            {
                rate -= 0.1;
            }

            return rate;
        }
    }
}

/// <summary>The cost of a month in dollars, by part. The free monthly grants of Azure are not subtracted.</summary>
public sealed record MonthlyCost(string Case, double Replicas, double Requests, double Space, double Logs, double Fixed)
{
    public double Total => Replicas + Requests + Space + Logs + Fixed;

    public static MonthlyCost Idle { get; } = ForArticles("no articles", articlesPerDay: 0, replicaSecondsPerDay: 0);

    /// <summary>Articles arrive all day. The gaps are shorter than the cool-down period, so the replicas always run.</summary>
    public static MonthlyCost Evenly(double articlesPerDay) => ForArticles(
        $"{articlesPerDay:N0} a day, evenly",
        articlesPerDay,
        Replica.Cpu.CountFor(articlesPerDay / 86400) * 86400.0);

    /// <summary>Articles arrive at once. The replicas that the scaler adds start, work, and stay for the cool-down period.</summary>
    public static MonthlyCost AtOnce(double articlesPerDay)
    {
        var replicas = Math.Min(Measurements.MaxReplicas, Math.Ceiling(articlesPerDay / Measurements.ArticlesPerReplica));
        var work = articlesPerDay / Replica.Cpu.ArticlesPerSecond;
        // The polling of the scaler precedes the start of a replica and is not billed.
        var overhead = Replica.Cpu.ColdStartSeconds - Measurements.ScalerPollingSeconds + Measurements.CooldownSeconds;
        return ForArticles($"{articlesPerDay:N0} a day, all at once", articlesPerDay, work + replicas * overhead);
    }

    /// <summary>Logs and telemetry of a million HTTP requests.</summary>
    public static double LogsOfAMillionRequests => Measurements.RequestLogKb * Prices.LogGb;

    /// <summary>One training on the T4, from the start of the job to its end.</summary>
    public static double RetrainingDollars =>
        (Measurements.StartSeconds
            + Measurements.TrainerImageGb / Measurements.PullGbPerSecond
            + Measurements.BaseGb / Measurements.DownloadGbPerSecond
            + Measurements.T4TrainingSeconds)
        * Prices.T4Hour / 3600;

    private static MonthlyCost ForArticles(string name, double articlesPerDay, double replicaSecondsPerDay)
    {
        var articles = articlesPerDay * Month.Days;
        return new MonthlyCost(
            name,
            Replicas: replicaSecondsPerDay * Month.Days * Replica.Cpu.DollarsPerSecond,
            Requests: articles / 10_000 * (Prices.BlobWrites
                + Measurements.QueueOperations * Prices.QueueOperations
                + Measurements.TableOperations * Prices.TableOperations),
            Space: (Measurements.BaseGb + articlesPerDay * Measurements.ResultDays * Measurements.ResultKb / 1e6) * Prices.BlobGbMonth,
            Logs: (articles * Measurements.LogKb + replicaSecondsPerDay * Month.Days / 60 * Measurements.IdleLogKbMinute) / 1e6 * Prices.LogGb,
            Fixed: Prices.RegistryMonth + Measurements.LogRules * Prices.AlertRuleMonth + Measurements.MetricRules * Prices.MetricRuleMonth);
    }
}

/// <summary>A month of 730.5 hours, as in Azure's own estimates.</summary>
public static class Month
{
    public const double Days = 30.4375;
    public const double Seconds = Days * 24 * 3600;
}
