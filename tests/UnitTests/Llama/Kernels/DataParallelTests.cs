using System.Collections.Concurrent;
using Serverless.Llama.Kernels;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama.Kernels;

public sealed class DataParallelTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public void Results_come_in_the_order_of_the_texts()
    {
        using var parallel = new DataParallel(threads: 3);
        var texts = TextsOf(5, 9, 7, 8, 6, 5, 9, 4, 7);

        var lengths = parallel.Run(texts, Lengths);

        Assert.Equal(texts.Select(text => text.Length), lengths);
    }

    [Fact]
    public void Even_partitions_are_computed_at_the_same_time()
    {
        using var parallel = new DataParallel(threads: 2);
        using var meeting = new Barrier(2);
        var partitions = new ConcurrentBag<int>();

        parallel.Run(TextsOf(40, 30, 20, 10), texts =>
        {
            partitions.Add(texts.Sum(text => text.Length));
            meeting.SignalAndWait(CancellationToken);
            return Lengths(texts);
        });

        Assert.Equal([50, 50], partitions);
    }

    [Fact]
    public void Each_partition_gives_one_result_in_the_order_of_their_indices()
    {
        using var parallel = new DataParallel(threads: 2);

        var partitions = parallel.RunPartitions(
            [40, 30, 20, 10], partition => $"{partition.Index} of {partition.Count}: {string.Join(" and ", partition.Texts)}");

        Assert.Equal(["0 of 2: 0 and 3", "1 of 2: 1 and 2"], partitions);
    }

    [Theory]
    [InlineData(64)]
    [InlineData(500, 20)]
    [InlineData(50, 50, 50)]
    public void Texts_that_cannot_be_divided_evenly_are_one_pass(params int[] lengths)
    {
        using var parallel = new DataParallel(threads: 2);
        var passes = new ConcurrentBag<(int Thread, int Texts)>();

        parallel.Run(TextsOf(lengths), texts =>
        {
            passes.Add((Environment.CurrentManagedThreadId, texts.Count));
            return Lengths(texts);
        });

        Assert.Equal([(Environment.CurrentManagedThreadId, lengths.Length)], passes);
    }

    [Fact]
    public void An_operation_stays_on_its_thread()
    {
        using var parallel = new DataParallel(threads: 2);

        var threads = parallel.Run(TextsOf(10, 10), _ => new[] { get_num_threads() });

        Assert.Equal([1, 1], threads);
        Assert.Equal(get_num_threads(), parallel.Run(TextsOf(10), _ => new[] { get_num_threads() })[0]);
    }

    [Fact]
    public async Task A_failure_is_thrown_only_when_all_partitions_have_ended()
    {
        using var parallel = new DataParallel(threads: 2);
        using var failing = new ManualResetEventSlim();
        using var ending = new ManualResetEventSlim();

        var run = Task.Run(() => parallel.Run<int>(TextsOf(11, 10), texts =>
        {
            if (texts[0].Length == 11)
            {
                failing.Set();
                throw new InvalidDataException("damaged");
            }

            ending.Wait(CancellationToken);
            return [0];
        }));
        failing.Wait(CancellationToken);
        await Task.Delay(TimeSpan.FromMilliseconds(100), CancellationToken);
        var before = run.IsCompleted;
        ending.Set();

        Assert.Equal("damaged", (await Assert.ThrowsAsync<InvalidDataException>(() => run)).Message);
        Assert.False(before, "It returned while a partition was still being computed.");
    }

    private static int[] Lengths(IReadOnlyList<int[]> texts) => [.. texts.Select(text => text.Length)];

    private static int[][] TextsOf(params int[] lengths) => [.. lengths.Select(length => new int[length])];
}
