namespace Serverless.Trainer.Data;

/// <summary>
/// Leaves each normalised text once. Within a part the last row wins, since a correction is appended more often than it is
/// put first; across parts a test row beats a held-out row beats a training row, so that nothing is judged by what it learnt.
/// </summary>
internal static class Duplicates
{
    public static IReadOnlyList<DataSetRow> Remove(IReadOnlyList<DataSetRow> rows, List<string> notes)
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
            var why = Part(row) != Part(other) ? leaked : row.Label != other.Label ? relabelled : repeated;
            why.Add(loser.Place);
        }

        AddNote(notes, repeated, "repeated rows left out");
        AddNote(notes, relabelled, "rows left out whose text comes again later with another label");
        AddNote(notes, leaked, "rows left out whose text is also held out or test");
        return [.. rows.Where(row => ReferenceEquals(kept[row.Hash], row))];
    }

    private static DataPart Part(DataSetRow row) => row.Part ?? DataPart.Train;

    private static void AddNote(List<string> notes, List<RowPlace> places, string what)
    {
        if (places.Count > 0)
        {
            notes.Add($"{places.Count} {what} ({FormatPlaces(places)}).");
        }
    }

    // "line 3, 7, 9, …"; the unit stands once where it is the same.
    private static string FormatPlaces(List<RowPlace> places)
    {
        var first = places.Take(5).Select((place, i) => i > 0 && (place.File, place.Unit) == (places[i - 1].File, places[i - 1].Unit) ? $"{place.Number}" : $"{place}");
        return $"{string.Join(", ", first)}{(places.Count > 5 ? ", …" : "")}";
    }
}
