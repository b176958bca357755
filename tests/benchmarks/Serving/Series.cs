namespace Serverless.Benchmarks.Serving;

/// <summary>A figure that is measured once per round. All contestants run in each round, so that a slow minute affects all of them.</summary>
internal sealed class Series
{
    private readonly List<double> values = [];

    public double Median => MedianOf(values);

    public double Min => values.Min();

    public double Max => values.Max();

    public void Add(double value) => values.Add(value);

    /// <summary>The median of the ratios of the rounds.</summary>
    public double Over(Series other) => MedianOf([.. values.Zip(other.values, (value, otherValue) => value / otherValue)]);

    private static double MedianOf(IReadOnlyCollection<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
