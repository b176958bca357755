namespace Serverless.Trainer.Data;

/// <summary>One usable row of a data set file; <paramref name="Part"/> is null if the file does not define it.</summary>
/// <param name="Place">The position of the row's first line.</param>
/// <param name="Label">Empty for a row without a label, which is removed before a data set is used.</param>
internal sealed record DataSetRow(RowPlace Place, string Text, string Label, DataPart? Part)
{
    public TextHash Hash { get; } = TextHash.Compute(Text);

    public int Line => Place.Number;
}

/// <summary>The use of a row: training, selection and comparison of versions, or the final evaluation only.</summary>
internal enum DataPart
{
    Train,
    HeldOut,
    Test,
}

/// <summary>A row that cannot be used, and the reason, for messages such as "line 7: the text is empty".</summary>
internal sealed record BadRow(RowPlace Place, string Reason)
{
    public int Line => Place.Number;

    public override string ToString() => $"{Place}: {Reason}";
}

/// <summary>The position of a row, for messages: "line 7", "row 7", "test.csv line 7".</summary>
/// <param name="Number">From 1.</param>
/// <param name="Unit">Text files have lines, Parquet files have rows.</param>
/// <param name="File">Empty if the data set is a single file.</param>
internal readonly record struct RowPlace(int Number, string Unit = "line", string File = "")
{
    public static RowPlace Line(int number) => new(number);

    public static RowPlace Row(long number) => new((int)number, "row");

    /// <summary>The first places: "line 3, 7, 9, …"; the file and the unit are written once while they stay the same.</summary>
    public static string Join(IReadOnlyList<RowPlace> places)
    {
        var first = places.Take(5).Select((place, i) =>
            i > 0 && (place.File, place.Unit) == (places[i - 1].File, places[i - 1].Unit) ? $"{place.Number}" : $"{place}");
        return $"{string.Join(", ", first)}{(places.Count > 5 ? ", …" : "")}";
    }

    public override string ToString() => File.Length == 0 ? $"{Unit} {Number}" : $"{File} {Unit} {Number}";
}
