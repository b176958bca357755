namespace Serverless.Trainer.Data;

/// <summary>
/// Keeps each normalised text once. Within a part the last row is kept, because corrections are usually appended. Across parts a
/// test row takes precedence over a held-out row, and that over a training row, so that no row is used for training and evaluation.
/// </summary>
internal static class Duplicates
{
    /// <returns>The remaining rows, and a note on each kind of removed rows.</returns>
    public static (IReadOnlyList<DataSetRow> Rows, IReadOnlyList<string> Notes) Remove(IReadOnlyList<DataSetRow> rows)
    {
        var kept = new Dictionary<TextHash, DataSetRow>(rows.Count);
        var (repeated, relabelled, leaked) = (new List<RowPlace>(), new List<RowPlace>(), new List<RowPlace>());
        foreach (var row in rows)
        {
            if (!kept.TryGetValue(row.Hash, out var other))
            {
                kept.Add(row.Hash, row);
                continue;
            }

            var (winner, loser) = Part(row) >= Part(other) ? (row, other) : (other, row);
            kept[row.Hash] = winner;
            var sameLabel = row.Label == other.Label ? repeated : relabelled;
            var removed = Part(row) == Part(other) ? sameLabel : leaked;
            removed.Add(loser.Place);
        }

        var notes = new List<string>();
        AddNote(notes, repeated, "repeated rows left out");
        AddNote(notes, relabelled, "rows left out whose text comes again later with another label");
        AddNote(notes, leaked, "rows left out whose text is also held out or test");
        return ([.. rows.Where(row => ReferenceEquals(kept[row.Hash], row))], notes);
    }

    private static DataPart Part(DataSetRow row) => row.Part ?? DataPart.Train;

    private static void AddNote(List<string> notes, List<RowPlace> places, string what)
    {
        if (places.Count > 0)
        {
            notes.Add($"{places.Count} {what} ({RowPlace.Join(places)}).");
        }
    }
}
