namespace Serverless.Llama.Tokenizer;

/// <summary>Which parts of a text, between its added tokens, get a space in front.</summary>
internal enum InsertAt
{
    Nowhere,
    FirstPart,
    EveryPart,
}

/// <summary>What a pre-tokenizer does to the spaces of a text, so that its first word is written as it is after a space.</summary>
/// <param name="Space">The character that a space becomes.</param>
/// <param name="Insert">Which parts get one in front unless they begin with one.</param>
internal sealed record SpaceRule(char Space, InsertAt Insert)
{
    /// <param name="part">A part of a text, between its added tokens.</param>
    /// <param name="isFirst">Whether it is the beginning of the text.</param>
    public string Apply(string part, bool isFirst)
    {
        part = part.Replace(' ', Space);
        var inserts = Insert == InsertAt.EveryPart || (Insert == InsertAt.FirstPart && isFirst);
        return inserts && part.Length > 0 && part[0] != Space ? Space + part : part;
    }
}
