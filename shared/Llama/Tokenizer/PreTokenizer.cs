using System.Text.Json;

namespace Serverless.Llama.Tokenizer;

/// <summary>The <c>pre_tokenizer</c> of a <c>tokenizer.json</c>: how a text is split into words.</summary>
/// <param name="Patterns">One regular expression for each step, applied to the parts that the step before it produced.</param>
/// <param name="Space">What is done to the spaces first; null for nothing.</param>
/// <param name="IsByteLevel">Whether words are written byte by byte, in the alphabet of <see cref="ByteLevel"/>; otherwise character by character.</param>
internal sealed record PreTokenizer(IReadOnlyList<WordPattern> Patterns, SpaceRule? Space, bool IsByteLevel)
{
    // Each step splits what the one before left; tokenizers have up to five.
    private const int MaxSteps = 16;

    /// <exception cref="NotSupportedException">A step is not supported.</exception>
    public static PreTokenizer Read(JsonElement tokenizer)
    {
        if (!tokenizer.TryGetProperty("pre_tokenizer", out var preTokenizer) || preTokenizer.ValueKind == JsonValueKind.Null)
        {
            return new PreTokenizer([WordPattern.Create(WordPattern.Pieces)], Space: null, IsByteLevel: false);
        }

        var steps = TokenizerFile.GetString(preTokenizer, "type") == "Sequence"
            ? preTokenizer.GetProperty("pretokenizers").EnumerateArray().ToArray()
            : [preTokenizer];
        return steps switch
        {
            { Length: > MaxSteps } => throw new NotSupportedException($"pre_tokenizer has {steps.Length} steps; at most {MaxSteps} are supported."),
            [var only] when TokenizerFile.GetString(only, "type") == "Metaspace" => ReadMetaspace(only),
            _ => ReadByteLevel(steps),
        };
    }

    private static PreTokenizer ReadByteLevel(JsonElement[] steps)
    {
        var patterns = new List<WordPattern>();
        SpaceRule? space = null;
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
                case "ByteLevel" when steps.Length == 1 || !TokenizerFile.GetBoolean(step, "add_prefix_space", true):
                    byteLevel = true;
                    space = TokenizerFile.GetBoolean(step, "add_prefix_space", true) ? new SpaceRule(' ', InsertAt.EveryPart) : null;
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
            ? new PreTokenizer(patterns, space, IsByteLevel: true)
            : throw new NotSupportedException("pre_tokenizer must split words and end in ByteLevel, or be Metaspace or null.");
    }

    private static PreTokenizer ReadMetaspace(JsonElement step)
    {
        if (TokenizerFile.GetString(step, "replacement") is var replacement && replacement != $"{WordPattern.Metaspace}")
        {
            throw new NotSupportedException($"pre_tokenizer Metaspace has the replacement \"{replacement}\"; only \"{WordPattern.Metaspace}\" is supported.");
        }

        // Files of before prepend_scheme have add_prefix_space.
        var scheme = TokenizerFile.GetString(step, "prepend_scheme") ?? (TokenizerFile.GetBoolean(step, "add_prefix_space", true) ? "always" : "never");
        var insert = scheme switch
        {
            "always" => InsertAt.EveryPart,
            "first" => InsertAt.FirstPart,
            "never" => InsertAt.Nowhere,
            _ => throw new NotSupportedException($"pre_tokenizer Metaspace has the prepend_scheme \"{scheme}\"; only always, first and never are supported."),
        };
        var pattern = TokenizerFile.GetBoolean(step, "split", true) ? WordPattern.SplitPieces : WordPattern.Pieces;
        return new PreTokenizer([WordPattern.Create(pattern)], new SpaceRule(WordPattern.Metaspace, insert), IsByteLevel: false);
    }
}
