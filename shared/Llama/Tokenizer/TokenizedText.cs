namespace Serverless.Llama.Tokenizer;

/// <summary>Token ids of a text, begin-of-text included, and whether the text was truncated.</summary>
public readonly record struct TokenizedText(int[] Ids, bool Truncated);
