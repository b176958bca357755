namespace Serverless.Trainer.Data;

/// <summary>
/// Leaves each normalised text once. Within a part the last row wins, since a correction is appended more often than it is
/// put first; across parts a test row beats a held-out row beats a training row, so that nothing is judged by what it learnt.
/// </summary>
internal static class Duplicates
{
    public static IReadOnlyList<DataSetRow> Drop(IReadOnlyList<DataSetRow> rows, List<string> notes)
    {
        var kept = new Dictionary<TextHash, DataSetRow>(rows.Count);
        var (repeated, relabelled, leaked) = (new List<int>(), new List<int>(), new List<int>());
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
            why.Add(loser.Line);
        }

        Tell(notes, repeated, "repeated rows left out");
        Tell(notes, relabelled, "rows left out whose text comes again later with another label");
        Tell(notes, leaked, "rows left out whose text is also held out or test");
        return [.. kept.Values.OrderBy(row => row.Line)];
    }

    private static DataPart Part(DataSetRow row) => row.Part ?? DataPart.Train;

    private static void Tell(List<string> notes, List<int> lines, string what)
    {
        if (lines.Count > 0)
        {
            notes.Add($"{lines.Count} {what} (line {string.Join(", ", lines.Take(5))}{(lines.Count > 5 ? ", …" : "")}).");
        }
    }
}
