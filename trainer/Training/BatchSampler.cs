namespace Serverless.Trainer.Training;

/// <summary>
/// Which articles make up which optimizer step. Each step has exactly the same number of articles; each pass over the rows
/// is shuffled anew. Within a window of the shuffled rows a step is half short articles of like length and half long ones, the
/// longest beside the shortest: equal lengths attend in one call, and all steps have about as many tokens, so that memory has
/// no peaks and compiled kernels, which are made for a number of tokens, are used again.
/// A function of its arguments alone, so that a resumed training finds its place by the number of the step.
/// </summary>
internal sealed class BatchSampler
{
    private const int StepsPerWindow = 50;

    private readonly int[][] steps;

    /// <param name="lengths">Tokens of each article.</param>
    public BatchSampler(IReadOnlyList<int> lengths, TrainOptions options)
    {
        var size = options.ArticlesPerStep;
        var count = (int)Math.Max(options.MinSteps, Math.Ceiling(options.NumTrainEpochs * lengths.Count / size));
        // At most a quarter of the rows, or a small data set would meet itself in one window, the same neighbours each time.
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
