namespace Serverless.Llama.Tokenizer;

/// <summary>
/// Byte-pair encoding (Sennrich et al. 2016, arXiv:1508.07909) of one word: starts with the <see cref="InitialTokens"/> and merges the adjacent
/// pair of the lowest rank, the leftmost of equals, until no pair can be merged.
/// </summary>
/// <remarks>
/// Encodes words that are too long for the library, in n log n time, all words while the library is not ready, and those of vocabularies that the
/// library does not support.
/// </remarks>
internal sealed class BytePairEncoder
{
    private const int None = -1;

    private readonly InitialTokens initialTokens;
    private readonly Dictionary<(int Left, int Right), (int Rank, int Token)> merges;

    public BytePairEncoder(InitialTokens initialTokens, TokenizerFile file)
    {
        this.initialTokens = initialTokens;
        merges = file.Merges;
    }

    public int[] Encode(ReadOnlySpan<char> word) => EncodeWithEnds(word).Tokens;

    /// <returns>The tokens, and for each one the number of the word's UTF-8 bytes up to its end.</returns>
    public (int[] Tokens, int[] Ends) EncodeWithEnds(ReadOnlySpan<char> word)
    {
        // A doubly linked list of tokens by position, so that a merge moves nothing: it replaces the left token and removes the right one.
        var (tokens, ends) = initialTokens.Read(word);
        int[] next = [.. Enumerable.Range(1, tokens.Length)];
        int[] previous = [.. Enumerable.Range(-1, tokens.Length)];
        if (tokens.Length == 0)
        {
            return (tokens, ends);
        }

        next[^1] = None;
        var queue = new PriorityQueue<int, long>(); // left positions of pairs that can be merged, by rank and then by position
        for (var i = 0; i + 1 < tokens.Length; i++)
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
            (tokens[left], tokens[right], next[left], ends[left]) = (merge.Token, None, next[right], ends[right]);
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

        int[] kept = [.. Enumerable.Range(0, tokens.Length).Where(i => tokens[i] != None)];
        return ([.. kept.Select(i => tokens[i])], [.. kept.Select(i => ends[i])]);

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
