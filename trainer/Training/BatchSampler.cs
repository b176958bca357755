namespace Serverless.Trainer.Training;

/// <summary>
/// Assigns articles to optimizer steps. Each step has the same number of articles; rows are reshuffled in each epoch. Within a window
/// of the shuffled rows, a step has one half of short and one half of long articles, each of similar length, the longest with the
/// shortest: equal lengths attend in one call, and all steps have about the same number of tokens, so that memory has no peaks and
/// compiled kernels, which depend on the number of tokens, are reused. The result is a function of the arguments, so that a resumed
/// training needs only the step number.
/// </summary>
internal sealed class BatchSampler
{
    private const int StepsPerWindow = 50;

    private readonly int[][] steps;

    /// <param name="lengths">The token length of each article.</param>
    public BatchSampler(IReadOnlyList<int> lengths, TrainOptions options)
    {
        var size = options.ArticlesPerStep;
        var count = (int)Math.Max(options.MinSteps, Math.Ceiling(options.NumTrainEpochs * lengths.Count / size));
        // At most a quarter of the rows: with larger windows, the same articles of a small data set would always be in the same step.
        var window = Math.Clamp(lengths.Count / 4 / size, 1, StepsPerWindow) * size;
        var random = new Random(options.Seed);
        var order = Shuffled(lengths.Count, random).Take(count * size).ToArray();
        steps = [.. order.Chunk(window).SelectMany(rows => CreateSteps(rows, lengths, size, random))];
    }

    public int Count => steps.Length;

    /// <summary>The articles of a step (0-based), shortest first.</summary>
    public IReadOnlyList<int> Articles(int step) => steps[step];

    private static IEnumerable<int> Shuffled(int rows, Random random)
    {
        var order = Enumerable.Range(0, rows).ToArray();
        while (true)
        {
            random.Shuffle(order);
            foreach (var row in order)
            {
                yield return row;
            }
        }
    }

    private static int[][] CreateSteps(int[] rows, IReadOnlyList<int> lengths, int size, Random random)
    {
        var sorted = rows.OrderBy(row => lengths[row]).ToArray();
        var (shorter, longer) = (size / 2, size - (size / 2));
        int[][] steps = [.. Enumerable.Range(0, rows.Length / size).Select(step => (int[])
        [
            .. sorted.AsSpan(step * shorter, shorter),
            .. sorted.AsSpan(rows.Length - ((step + 1) * longer), longer),
        ])];
        random.Shuffle(steps);
        return steps;
    }
}
