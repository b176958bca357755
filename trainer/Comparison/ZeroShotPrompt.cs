using Microsoft.Extensions.AI;

namespace Serverless.Trainer.Comparison;

/// <summary>Asks a chat model for the label of an article, without examples, and reads what it answers.</summary>
internal sealed class ZeroShotPrompt(IReadOnlyList<string> labels)
{
    // A chat model is told nothing that a person would not be told.
    private readonly string instruction =
        "You classify news articles by topic. Answer with exactly one of these labels and nothing else:\n" + string.Join('\n', labels);

    public IEnumerable<ChatMessage> For(string article) => [new(ChatRole.System, instruction), new(ChatRole.User, $"Article:\n{article}\n\nLabel:")];

    /// <returns>The label, or null if the answer is none of them. Case, quotation marks, a final stop and a "Label:" in front do not matter.</returns>
    public string? Read(string answer)
    {
        var trimmed = answer.Trim();
        if (trimmed.StartsWith("label:", StringComparison.OrdinalIgnoreCase))
        {
            trimmed = trimmed["label:".Length..];
        }

        var word = trimmed.Trim(' ', '\n', '\r', '\t', '.', '"', '\'', '*', '`', '“', '”');
        return labels.FirstOrDefault(label => label == word) ?? labels.FirstOrDefault(label => label.Equals(word, StringComparison.OrdinalIgnoreCase));
    }
}
