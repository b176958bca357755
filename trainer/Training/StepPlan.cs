namespace Serverless.Trainer.Training;

/// <summary>
/// Which articles make up which optimizer step. Each step has exactly the same number of articles; each pass over the rows
/// is shuffled anew. Within a window of the shuffled rows, articles of like length share a step, and the steps of a window
/// are shuffled: equal lengths attend to each other's batch in one call, and nothing is spent on padding.
/// A function of its arguments alone, so that a resumed training finds its place by the number of the step.
/// </summary>
internal sealed class StepPlan
{
    private const int StepsPerWindow = 50;

    private readonly int[][] steps;

    /// <param name="lengths">Tokens of each article.</param>
    public StepPlan(IReadOnlyList<int> lengths, TrainOptions options)
    {
        var size = options.ArticlesPerStep;
        var count = (int)Math.Max(options.MinSteps, Math.Ceiling(options.NumTrainEpochs * lengths.Count / size));
        // At most a quarter of the rows, or a small data set would meet itself in one window, the same neighbours each time.
        var window = Math.Clamp(lengths.Count / 4 / size, 1, StepsPerWindow) * size;
        var random = new Random(options.Seed);
        var order = Shuffled(lengths.Count, random).Take(count * size).ToArray();
        steps = [.. order.Chunk(window).SelectMany(rows => StepsOf(rows, lengths, size, random))];
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

    private static int[][] StepsOf(int[] rows, IReadOnlyList<int> lengths, int size, Random random)
    {
        int[][] steps = [.. rows.OrderBy(row => lengths[row]).Chunk(size)];
        random.Shuffle(steps);
        return steps;
    }
}
