using System.Text.Json;

namespace Serverless.Llama.Tokenizer;

/// <summary>Reads the <c>pre_tokenizer</c> of a <c>tokenizer.json</c>: the regular expressions that split a text into words.</summary>
internal static class PreTokenizer
{
    // Each step splits what the one before left; tokenizers have up to five.
    private const int MaxSteps = 16;

    /// <returns>One pattern for each step, applied to the parts that the step before it produced.</returns>
    /// <exception cref="NotSupportedException">A step is not supported.</exception>
    public static IReadOnlyList<WordPattern> ReadPatterns(JsonElement preTokenizer)
    {
        var steps = TokenizerFile.GetString(preTokenizer, "type") == "Sequence"
            ? preTokenizer.GetProperty("pretokenizers").EnumerateArray().ToArray()
            : [preTokenizer];
        if (steps.Length > MaxSteps)
        {
            throw new NotSupportedException($"pre_tokenizer has {steps.Length} steps; at most {MaxSteps} are supported.");
        }

        var patterns = new List<WordPattern>();
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
                    patterns.Add(WordPattern.Create(pattern));
                    break;
                case "Digits" when TokenizerFile.GetBoolean(step, "individual_digits", false):
                    patterns.Add(WordPattern.Create(WordPattern.Digit));
                    break;
                case "ByteLevel" when !TokenizerFile.GetBoolean(step, "add_prefix_space", true):
                    byteLevel = true;
                    if (TokenizerFile.GetBoolean(step, "use_regex", true))
                    {
                        patterns.Add(WordPattern.Create(WordPattern.Gpt2));
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
