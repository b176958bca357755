namespace Serverless.Costs;

/// <summary>One running copy of the functions: how fast it is, what a second of it costs, how long until it works.</summary>
public sealed record Replica(string Name, double ArticlesPerSecond, double DollarsPerSecond, double ColdStartSeconds)
{
    /// <summary>4 vCPU and 8 GiB on the Consumption profile.</summary>
    public static Replica Cpu { get; } = new(
        "4 vCPU",
        Measurements.CpuArticlesPerSecond,
        4 * Prices.VcpuSecond + 8 * Prices.GibSecond,
        ColdStart(Measurements.FunctionsImageGb));

    /// <summary>A T4 with the 8 vCPU and 56 GiB that come with it. The functions do not serve on a GPU today: this is on paper.</summary>
    public static Replica T4 { get; } = new(
        "T4",
        Measurements.T4ArticlesPerSecond,
        Prices.T4Hour / 3600,
        ColdStart(Measurements.TrainerImageGb));

    /// <summary>At most one polling of the scaler, then the replica, its image, the base model and the first touch of it.</summary>
    private static double ColdStart(double imageGb) =>
        Measurements.ScalerPollingSeconds
        + Measurements.StartSeconds
        + imageGb / Measurements.PullGbPerSecond
        + Measurements.BaseGb / Measurements.DownloadGbPerSecond
        + Measurements.LoadSeconds;

    /// <summary>Replicas for a steady rate (articles a second).</summary>
    public int CountFor(double rate) => (int)Math.Ceiling(rate / (ArticlesPerSecond * Measurements.Utilisation));

    public double MonthlyDollars(double rate) => CountFor(rate) * DollarsPerSecond * Month.Seconds;

    /// <summary>What a million articles cost when a replica has always something to do.</summary>
    public double DollarsPerMillion => 1e6 / (ArticlesPerSecond * Measurements.Utilisation) * DollarsPerSecond;
}
