namespace Serverless.Llama.Tokenizer;

/// <summary>
/// Byte-pair encoding (Sennrich et al. 2016, arXiv:1508.07909) of one word: starts with one token per byte and merges the adjacent pair of the
/// lowest rank, the leftmost of equals, until no pair can be merged.
/// </summary>
/// <remarks>
/// Encodes words that are too long for the library, in n log n time, and all words while the library is not ready.
/// </remarks>
internal sealed class BytePairEncoder
{
    private const int None = -1;

    private readonly int[] byteTokens = new int[256];
    private readonly Dictionary<(int Left, int Right), (int Rank, int Token)> merges;

    public BytePairEncoder(TokenizerFile file)
    {
        for (var value = 0; value < 256; value++)
        {
            byteTokens[value] = file.Vocabulary.GetValueOrDefault(ByteLevel.ToChar((byte)value).ToString(), None);
        }

        merges = file.Merges;
    }

    public int[] Encode(ReadOnlySpan<byte> word)
    {
        // A doubly linked list of tokens by position, so that a merge moves nothing: it replaces the left token and removes the right one.
        var tokens = new int[word.Length];
        var next = new int[word.Length];
        var previous = new int[word.Length];
        for (var i = 0; i < word.Length; i++)
        {
            (tokens[i], next[i], previous[i]) = (byteTokens[word[i]], i + 1, i - 1);
        }

        next[^1] = None;
        var queue = new PriorityQueue<int, long>(); // left positions of pairs that can be merged, by rank and then by position
        for (var i = 0; i + 1 < word.Length; i++)
        {
            Enqueue(i);
        }

        while (queue.TryDequeue(out var left, out var priority))
        {
            // Either token may have been merged with another one since this pair was queued.
            if (!TryMerge(left, out var merge) || merge.Rank != priority >> 32)
            {
                continue;
            }

            var right = next[left];
            (tokens[left], tokens[right], next[left]) = (merge.Token, None, next[right]);
            if (next[left] != None)
            {
                previous[next[left]] = left;
                Enqueue(left);
            }

            if (previous[left] != None)
            {
                Enqueue(previous[left]);
            }
        }

        return Array.FindAll(tokens, token => token != None);

        void Enqueue(int left)
        {
            if (TryMerge(left, out var merge))
            {
                queue.Enqueue(left, ((long)merge.Rank << 32) | (uint)left);
            }
        }

        bool TryMerge(int left, out (int Rank, int Token) merge)
        {
            merge = default;
            return next[left] != None && tokens[left] != None && merges.TryGetValue((tokens[left], tokens[next[left]]), out merge);
        }
    }
}
