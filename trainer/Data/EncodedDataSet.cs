

using Serverless.Llama.Tokenizer;

namespace Serverless.Trainer.Data;

/// <summary>A tokenized article: token ids and the index of its label.</summary>
internal readonly record struct Article(int[] Ids, int Label);

/// <summary>The three parts of a data set as token ids.</summary>
/// <param name="Truncated">Number of articles, in all parts, that were longer than the limit.</param>
/// <param name="Lengths">Token lengths of the articles of all parts, before truncation.</param>
internal sealed record EncodedDataSet(
    IReadOnlyList<string> Labels, Article[] Train, Article[] HeldOut, Article[] Test, int Truncated, IReadOnlyList<int> Lengths)
{
    public static EncodedDataSet Encode(DataSet data, LlamaTokenizer tokenizer, int maxLength)
    {
        var indices = data.Labels.Index().ToDictionary(label => label.Item, label => label.Index);
        var truncated = 0;
        var lengths = new List<int>();

        Article[] Encode(IReadOnlyList<DataSetRow> rows) => [.. rows.Select(row =>
        {
            var text = tokenizer.Encode(row.Text, maxLength);
            truncated += text.Truncated ? 1 : 0;
            lengths.Add(text.Truncated ? tokenizer.Encode(row.Text, int.MaxValue).Ids.Length : text.Ids.Length);
            return new Article(text.Ids, indices[row.Label]);
        })];

        return new EncodedDataSet(data.Labels, Encode(data.Train), Encode(data.HeldOut), Encode(data.Test), truncated, lengths);
    }
}
