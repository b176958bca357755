
using Serverless.Llama.Tokenizer;

namespace Serverless.Trainer.Pretraining;

/// <summary>Tokenizes the text for pretraining.</summary>
internal static class Corpus
{
    /// <summary>
    /// Token sequences of at most <paramref name="length"/> tokens. Each starts with begin-of-text; the last one of a document ends
    /// with end-of-text. A longer document continues in the next sequence.
    /// </summary>
    public static List<int[]> Tokenize(IEnumerable<string> documents, LlamaTokenizer tokenizer, int length)
    {
        var begin = tokenizer.BosTokenId ?? throw new InvalidDataException("Pretraining needs a tokenizer with a begin-of-text token.");
        var end = begin + 1;
        var sequences = new List<int[]>();
        foreach (var document in documents)
        {
            int[] ids = [.. tokenizer.Encode(document, int.MaxValue / 128).Ids[1..], end];
            for (var start = 0; start < ids.Length; start += length - 1)
            {
                var part = ids.AsSpan(start, Math.Min(length - 1, ids.Length - start));
                if (part.Length > 1)
                {
                    sequences.Add([begin, .. part]);
                }
            }
        }

        return sequences;
    }
}
