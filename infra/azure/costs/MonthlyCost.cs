namespace Serverless.Costs;

/// <summary>What a month costs, part by part, in dollars. The free monthly grants of Azure are not taken off.</summary>
public sealed record MonthlyCost(string Case, double Replicas, double Requests, double Space, double Logs, double Fixed)
{
    public double Total => Replicas + Requests + Space + Logs + Fixed;

    public static MonthlyCost Idle { get; } = ForArticles("nothing arrives", articlesPerDay: 0, replicaSecondsPerDay: 0);

    /// <summary>Articles come all day long: the gaps are shorter than the cool-down, so the replicas never go.</summary>
    public static MonthlyCost Evenly(double articlesPerDay) => ForArticles(
        $"{articlesPerDay:N0} a day, evenly",
        articlesPerDay,
        Replica.Cpu.CountFor(articlesPerDay / 86400) * 86400.0);

    /// <summary>Articles come at once: as many replicas as the scaler adds start, work, and stay for the cool-down.</summary>
    public static MonthlyCost AtOnce(double articlesPerDay)
    {
        var replicas = Math.Min(Measurements.MaxReplicas, Math.Ceiling(articlesPerDay / Measurements.ArticlesPerReplica));
        var work = articlesPerDay / Replica.Cpu.ArticlesPerSecond;
        // The scaler's polling comes before the replica, and is not paid for.
        var around = Replica.Cpu.ColdStartSeconds - Measurements.ScalerPollingSeconds + Measurements.CooldownSeconds;
        return ForArticles($"{articlesPerDay:N0} a day, all at once", articlesPerDay, work + replicas * around);
    }

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
            Logs: articles * Measurements.LogKb / 1e6 * Prices.LogGb,
            Fixed: Prices.RegistryMonth + 3 * Prices.AlertRuleMonth);
    }
}
