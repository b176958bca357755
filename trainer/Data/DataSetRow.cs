namespace Serverless.Trainer.Data;

/// <summary>One usable row of a data set file; <paramref name="Part"/> is null where the file leaves the choice to us.</summary>
/// <param name="Line">1-based line of the file on which the row begins.</param>
internal sealed record DataSetRow(int Line, string Text, string Label, DataPart? Part)
{
    public TextHash Hash { get; } = TextHash.Of(Text);
}

/// <summary>What a row is used for: to learn from, to choose and judge by, or for the final figure only.</summary>
internal enum DataPart
{
    Train,
    HeldOut,
    Test,
}

/// <summary>A row that cannot be used, and why, in words that end a sentence such as "line 7: the text is empty".</summary>
internal sealed record BadRow(int Line, string Reason)
{
    public override string ToString() => $"line {Line}: {Reason}";
}
