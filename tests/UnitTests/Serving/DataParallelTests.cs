using System.Collections.Concurrent;
using Serverless.Serving;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Serving;

public sealed class DataParallelTests
{
    [Fact]
    public void Results_come_in_the_order_of_the_texts()
    {
        using var parallel = new DataParallel(threads: 3);
        var texts = TextsOf(5, 9, 7, 8, 6, 5, 9, 4, 7);

        var lengths = parallel.Run(texts, Lengths);

        Assert.Equal(texts.Select(text => text.Length), lengths);
    }

    [Fact]
    public void Even_shares_are_computed_by_a_thread_each()
    {
        using var parallel = new DataParallel(threads: 2);
        var shares = new ConcurrentBag<(int Thread, int Tokens)>();

        parallel.Run(TextsOf(40, 30, 20, 10), texts =>
        {
            shares.Add((Environment.CurrentManagedThreadId, texts.Sum(text => text.Length)));
            return Lengths(texts);
        });

        Assert.Equal([50, 50], shares.Select(share => share.Tokens));
        Assert.DoesNotContain(shares, share => share.Thread == Environment.CurrentManagedThreadId);
    }

    [Theory]
    [InlineData(64)]
    [InlineData(500, 20)]
    [InlineData(50, 50, 50)]
    public void Texts_that_cannot_be_shared_out_evenly_are_one_pass(params int[] lengths)
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
    public void The_first_failure_is_thrown_when_all_shares_have_ended()
    {
        using var parallel = new DataParallel(threads: 2);
        var ended = 0;

        var failure = Assert.Throws<InvalidDataException>(() => parallel.Run<int>(TextsOf(10, 10), texts =>
        {
            Interlocked.Increment(ref ended);
            throw new InvalidDataException("damaged");
        }));

        Assert.Equal("damaged", failure.Message);
        Assert.Equal(2, ended);
    }

    private static int[] Lengths(IReadOnlyList<int[]> texts) => [.. texts.Select(text => text.Length)];

    private static int[][] TextsOf(params int[] lengths) => [.. lengths.Select(length => new int[length])];
}
