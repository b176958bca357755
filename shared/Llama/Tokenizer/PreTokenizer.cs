using System.Text.Json;
using System.Text.RegularExpressions;

namespace Serverless.Llama.Tokenizer;

/// <summary>Reads the <c>pre_tokenizer</c> of a <c>tokenizer.json</c>: the regular expressions that split a text into words.</summary>
internal static class PreTokenizer
{
    // GPT-2's pattern, which ByteLevel applies unless use_regex is false (tokenizers, byte_level.rs).
    private const string Gpt2Words = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <returns>One expression for each step, applied to the parts that the step before it produced.</returns>
    /// <exception cref="NotSupportedException">A step is not supported.</exception>
    public static IReadOnlyList<string> ReadPatterns(JsonElement preTokenizer)
    {
        var steps = TokenizerFile.GetString(preTokenizer, "type") == "Sequence"
            ? preTokenizer.GetProperty("pretokenizers").EnumerateArray().ToArray()
            : [preTokenizer];
        var patterns = new List<string>();
        var byteLevel = false;
        foreach (var step in steps)
        {
            if (byteLevel)
            {
                throw new NotSupportedException("pre_tokenizer has a step after ByteLevel.");
            }

            switch (TokenizerFile.GetString(step, "type"))
            {
                case "Split" when TokenizerFile.GetString(step, "behavior") == "Isolated" && !TokenizerFile.GetBoolean(step, "invert", false):
                    var pattern = TokenizerFile.GetString(step.GetProperty("pattern"), "Regex")
                        ?? throw new NotSupportedException("pre_tokenizer Split needs a Regex pattern.");
                    _ = new Regex(pattern); // throws if .NET does not support the pattern
                    patterns.Add(pattern);
                    break;
                case "Digits" when TokenizerFile.GetBoolean(step, "individual_digits", false):
                    patterns.Add(@"\p{N}");
                    break;
                case "ByteLevel" when !TokenizerFile.GetBoolean(step, "add_prefix_space", true):
                    byteLevel = true;
                    if (TokenizerFile.GetBoolean(step, "use_regex", true))
                    {
                        patterns.Add(Gpt2Words);
                    }

                    break;
                default:
                    throw new NotSupportedException($"pre_tokenizer {step.GetRawText()} is not supported.");
            }
        }

        return byteLevel && patterns.Count > 0
            ? patterns
            : throw new NotSupportedException("pre_tokenizer must split words and end in ByteLevel.");
    }
}
