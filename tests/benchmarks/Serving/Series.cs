namespace Serverless.Benchmarks.Serving;

/// <summary>One figure, measured once a round. Rounds take turns among the contestants, so that a slow minute hits all of them.</summary>
internal sealed class Series
{
    private readonly List<double> values = [];

    public double Median => Middle(values);

    public double Least => values.Min();

    public double Most => values.Max();

    public void Add(double value) => values.Add(value);

    /// <summary>The median of the rounds' ratios.</summary>
    public double Over(Series other) => Middle([.. values.Zip(other.values, (mine, its) => mine / its)]);

    private static double Middle(IReadOnlyCollection<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
