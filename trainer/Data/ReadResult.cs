namespace Serverless.Trainer.Data;

/// <summary>The rows of a data set file as a reader returns them.</summary>
/// <param name="LabelNames">The names of integer labels, if the file contains them.</param>
/// <param name="LabelsStartAtOne">Whether integer labels start at 1 by the definition of the format.</param>
/// <param name="Note">What the user should know of the columns; null if nothing.</param>
internal sealed record ReadResult(
    IReadOnlyList<DataSetRow> Rows, IReadOnlyList<BadRow> BadRows, LabelNames? LabelNames = null, bool LabelsStartAtOne = false, string? Note = null)
{
    public static ReadResult FromRows(IEnumerable<ParsedRow> parsed)
    {
        var rows = new List<DataSetRow>();
        var badRows = new List<BadRow>();
        foreach (var (row, bad) in parsed)
        {
            if (row is not null)
            {
                rows.Add(row);
            }

            if (bad is not null)
            {
                badRows.Add(bad);
            }
        }

        return new ReadResult(rows, badRows);
    }
}

/// <summary>One row of a file: either usable or bad.</summary>
internal readonly record struct ParsedRow(DataSetRow? Row, BadRow? Bad)
{
    public static ParsedRow Usable(DataSetRow row) => new(row, null);

    public static ParsedRow Rejected(RowPlace place, string reason) => new(null, new BadRow(place, reason));
}
