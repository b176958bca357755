namespace Serverless.Trainer.Data;

/// <summary>One usable row of a data set file; <paramref name="Part"/> is null where the file leaves the choice to us.</summary>
/// <param name="Place">Where the row begins.</param>
internal sealed record DataSetRow(RowPlace Place, string Text, string Label, DataPart? Part)
{
    public TextHash Hash { get; } = TextHash.Compute(Text);

    public int Line => Place.Number;
}

/// <summary>What a row is used for: to learn from, to choose and judge by, or for the final figure only.</summary>
internal enum DataPart
{
    Train,
    HeldOut,
    Test,
}

/// <summary>A row that cannot be used, and why, in words that end a sentence such as "line 7: the text is empty".</summary>
internal sealed record BadRow(RowPlace Place, string Reason)
{
    public int Line => Place.Number;

    public override string ToString() => $"{Place}: {Reason}";
}

/// <summary>Where a row stands, in the words of a person who looks for it: "line 7", "row 7", "test.csv line 7".</summary>
/// <param name="Number">From 1.</param>
/// <param name="Unit">Text files have lines, Parquet files have rows.</param>
/// <param name="File">Empty where a data set is one file.</param>
internal readonly record struct RowPlace(int Number, string Unit = "line", string File = "")
{
    public static implicit operator RowPlace(int line) => new(line);

    public static RowPlace Row(long number) => new((int)number, "row");

    public override string ToString() => File.Length == 0 ? $"{Unit} {Number}" : $"{File} {Unit} {Number}";
}
