using Microsoft.Extensions.AI;

namespace Serverless.Trainer.Comparison;

/// <summary>Builds the zero-shot prompt for an article, and parses the reply of the chat model.</summary>
internal sealed class ZeroShotPrompt(IReadOnlyList<string> labels)
{
    // The prompt names the labels and nothing else, so that the comparison is fair.
    private readonly string instruction =
        "You classify news articles by topic. Answer with exactly one of these labels and nothing else:\n" + string.Join('\n', labels);

    public IEnumerable<ChatMessage> For(string article) => [new(ChatRole.System, instruction), new(ChatRole.User, $"Article:\n{article}\n\nLabel:")];

    /// <returns>The label, or null if the reply is not a label. Case, quotation marks, a final full stop and a leading "Label:" are ignored.</returns>
    public string? ParseLabel(string reply)
    {
        var trimmed = reply.Trim();
        if (trimmed.StartsWith("label:", StringComparison.OrdinalIgnoreCase))
        {
            trimmed = trimmed["label:".Length..];
        }

        var name = trimmed.Trim(' ', '\n', '\r', '\t', '.', '"', '\'', '*', '`', '“', '”');
        return labels.FirstOrDefault(label => label == name) ?? labels.FirstOrDefault(label => label.Equals(name, StringComparison.OrdinalIgnoreCase));
    }
}
