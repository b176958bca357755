using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Serverless.Trainer.Pretraining;

/// <summary>
/// Trains a byte-level BPE vocabulary (Sennrich et al. 2016, arXiv:1508.07909): starting from the 256 bytes, the most frequent
/// pair of adjacent tokens inside words becomes a new token, until the vocabulary is full.
/// </summary>
internal sealed class BpeTrainer
{
    private readonly List<int[]> words = [];
    private readonly List<int> counts = [];
    private readonly Dictionary<(int, int), int> pairCounts = [];
    private readonly Dictionary<(int, int), HashSet<int>> pairWords = [];
    private readonly PriorityQueue<(int, int), (int, (int, int))> queue = new();

    private BpeTrainer(Dictionary<string, int> wordCounts)
    {
        foreach (var (word, count) in wordCounts.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            words.Add([.. Encoding.UTF8.GetBytes(word).Select(value => (int)value)]);
            counts.Add(count);
        }
    }

    /// <summary>The merges in order; merge n creates token 256 + n.</summary>
    /// <param name="documents">The training text.</param>
    /// <param name="wordPattern">Splits text into words; merges never cross a word boundary.</param>
    /// <param name="merges">The number of merges.</param>
    public static List<(int Left, int Right)> Learn(IEnumerable<string> documents, Regex wordPattern, int merges)
    {
        var trainer = new BpeTrainer(CountWords(documents, wordPattern));
        trainer.CountPairs();
        var learned = new List<(int, int)>(merges);
        while (learned.Count < merges && trainer.DequeueMostFrequent() is { } pair)
        {
            trainer.Merge(pair, 256 + learned.Count);
            learned.Add(pair);
        }

        return learned;
    }

    private static Dictionary<string, int> CountWords(IEnumerable<string> documents, Regex wordPattern)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        var lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var document in documents)
        {
            foreach (var match in wordPattern.EnumerateMatches(document))
            {
                CollectionsMarshal.GetValueRefOrAddDefault(lookup, document.AsSpan(match.Index, match.Length), out _)++;
            }
        }

        return counts;
    }

    private void CountPairs()
    {
        for (var word = 0; word < words.Count; word++)
        {
            UpdatePairCounts(word, +1);
        }

        foreach (var (pair, count) in pairCounts)
        {
            Enqueue(pair, count);
        }
    }

    private void UpdatePairCounts(int word, int sign)
    {
        var symbols = words[word];
        for (var i = 0; i + 1 < symbols.Length; i++)
        {
            var pair = (symbols[i], symbols[i + 1]);
            CollectionsMarshal.GetValueRefOrAddDefault(pairCounts, pair, out _) += sign * counts[word];
            if (sign > 0)
            {
                (CollectionsMarshal.GetValueRefOrAddDefault(pairWords, pair, out _) ??= []).Add(word);
            }
        }
    }

    // The queue holds outdated entries too: an entry is valid only if its count is the current one.
    private (int, int)? DequeueMostFrequent()
    {
        while (queue.TryDequeue(out var pair, out var priority))
        {
            var count = pairCounts[pair];
            if (count == -priority.Item1 && count > 1)
            {
                return pair;
            }
        }

        return null;
    }

    private void Merge((int Left, int Right) pair, int token)
    {
        var touched = new HashSet<(int, int)>();
        foreach (var word in pairWords[pair])
        {
            AddPairs(touched, words[word]);
            UpdatePairCounts(word, -1);
            words[word] = Replace(words[word], pair, token);
            UpdatePairCounts(word, +1);
            AddPairs(touched, words[word]);
        }

        pairWords.Remove(pair);
        foreach (var changed in touched)
        {
            Enqueue(changed, pairCounts[changed]);
        }
    }

    private static void AddPairs(HashSet<(int, int)> touched, int[] symbols)
    {
        for (var i = 0; i + 1 < symbols.Length; i++)
        {
            touched.Add((symbols[i], symbols[i + 1]));
        }
    }

    private static int[] Replace(int[] symbols, (int Left, int Right) pair, int token)
    {
        var merged = new List<int>(symbols.Length);
        for (var i = 0; i < symbols.Length; i++)
        {
            var hit = i + 1 < symbols.Length && symbols[i] == pair.Left && symbols[i + 1] == pair.Right;
            merged.Add(hit ? token : symbols[i]);
            i += hit ? 1 : 0;
        }

        return [.. merged];
    }

    // Ties are broken by the lower ids, so that the vocabulary is the same in every run.
    private void Enqueue((int, int) pair, int count)
    {
        if (count > 1)
        {
            queue.Enqueue(pair, (-count, pair));
        }
    }
}
