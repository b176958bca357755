using System.Collections.Concurrent;
using TorchSharp;

namespace Serverless.Serving;

/// <summary>
/// Spreads a batch over the processor's cores by whole texts. libtorch itself spreads each operation, and at the end of each, hundreds
/// of times a batch, all cores wait for the slowest; a core that has texts of its own waits once: 1,200 to 1,580 articles a second by the
/// starter on two cores instead of 870, 12 to 17 % more in the shape of Llama 3.2 1B (an AMD EPYC, 2026-11-23).
/// </summary>
/// <param name="threads">As many as libtorch uses for one operation.</param>
public sealed class DataParallel(int threads) : IDisposable
{
    // Shares less even than this leave a core idle for longer than the waiting costs.
    private const double LargestShare = 1.15;

    private readonly BlockingCollection<Task> work = [];
    private Thread[] workers = [];

    /// <param name="texts">Token ids of each text.</param>
    /// <param name="pass">Computes some of the texts, on any thread, a result for each.</param>
    /// <returns>A result for each text, in their order.</returns>
    public T[] Run<T>(IReadOnlyList<int[]> texts, Func<IReadOnlyList<int[]>, T[]> pass)
    {
        var shares = Shares(texts);
        var results = new T[texts.Count];
        foreach (var (share, rows) in shares.Zip(Compute(shares, texts, (share, _) => pass(share))))
        {
            foreach (var (text, row) in share.Zip(rows))
            {
                results[text] = row;
            }
        }

        return results;
    }

    /// <param name="texts">Token ids of each text.</param>
    /// <param name="pass">Computes a share of the texts as a whole, on any thread; also told the share's number, from 0.</param>
    /// <returns>A result for each share. The shares depend on the lengths of the texts alone.</returns>
    public T[] RunShares<T>(IReadOnlyList<int[]> texts, Func<IReadOnlyList<int[]>, int, T> pass) => Compute(Shares(texts), texts, pass);

    public void Dispose()
    {
        work.CompleteAdding();
        foreach (var worker in workers)
        {
            worker.Join();
        }

        work.Dispose();
    }

    private T[] Compute<T>(IReadOnlyList<int>[] shares, IReadOnlyList<int[]> texts, Func<IReadOnlyList<int[]>, int, T> pass)
    {
        if (shares.Length == 1)
        {
            return [pass(texts, 0)];
        }

        StartWorkers();
        var tasks = shares.Select((share, number) => new Task<T>(() => pass([.. share.Select(text => texts[text])], number))).ToArray();
        foreach (var task in tasks)
        {
            work.Add(task);
        }

        // All of them, also when one fails: the model may go away after this.
        return Task.WhenAll(tasks).GetAwaiter().GetResult();
    }

    /// <summary>A share for each thread, or all texts as one where the threads would be uneven.</summary>
    private IReadOnlyList<int>[] Shares(IReadOnlyList<int[]> texts)
    {
        var shares = Share(texts, threads);
        var mean = (double)texts.Sum(text => text.Length) / threads;
        return threads == 1 || shares.Max(share => share.Sum(text => texts[text].Length)) > LargestShare * mean
            ? [[.. Enumerable.Range(0, texts.Count)]]
            : shares;
    }

    /// <summary>The longest text first, each to the share with the fewest tokens (Graham 1969).</summary>
    private static List<int>[] Share(IReadOnlyList<int[]> texts, int count)
    {
        var shares = Enumerable.Range(0, count).Select(_ => new List<int>()).ToArray();
        var tokens = new int[count];
        foreach (var text in Enumerable.Range(0, texts.Count).OrderByDescending(text => texts[text].Length))
        {
            var least = Array.IndexOf(tokens, tokens.Min());
            shares[least].Add(text);
            tokens[least] += texts[text].Length;
        }

        return shares;
    }

    private void StartWorkers()
    {
        if (workers.Length > 0)
        {
            return;
        }

        Thread[] started = [.. Enumerable.Range(0, threads).Select(number => new Thread(Work) { IsBackground = true, Name = $"model-{number}" })];
        foreach (var worker in started)
        {
            worker.Start();
        }

        workers = started;
    }

    private void Work()
    {
        TorchRuntime.ComputeOnThisThreadOnly();
        foreach (var task in work.GetConsumingEnumerable())
        {
            task.RunSynchronously();
        }
    }
}
