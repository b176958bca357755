namespace Serverless.Llama.Tokenizer;

/// <summary>An entry of <c>added_tokens</c> in a <c>tokenizer.json</c>: a text that is one token wherever it occurs.</summary>
/// <param name="Content">The text.</param>
/// <param name="Id">The token's id.</param>
/// <param name="IsSpecial">A marker such as begin-of-text. In the text of an article it stays text.</param>
/// <param name="IsWord">Not inside a word (<c>single_word</c>).</param>
/// <param name="TakesSpacesBefore">Whether the spaces before it belong to it (<c>lstrip</c>).</param>
/// <param name="TakesSpacesAfter">Whether the spaces after it belong to it (<c>rstrip</c>).</param>
/// <param name="IsNormalized">It is looked for in the normalized text, after those that are not (<c>normalized</c>).</param>
internal sealed record AddedToken(
    string Content, int Id, bool IsSpecial, bool IsWord, bool TakesSpacesBefore, bool TakesSpacesAfter, bool IsNormalized);
