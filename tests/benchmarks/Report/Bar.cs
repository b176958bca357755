namespace Serverless.Benchmarks.Report;

/// <summary>A bar that a figure must reach, as the last column of a table shows it.</summary>
internal static class Bar
{
    public static string AtLeast(double value, double bar) => Verdict(value >= bar);

    public static string AtMost(double value, double bar) => Verdict(value <= bar);

    private static string Verdict(bool met) => met ? "met" : "**missed**";
}
