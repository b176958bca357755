namespace Serverless.Trainer.Data;

/// <summary>
/// A data set that nobody should train on. The message is for the person who made the file: which file, what is wrong,
/// and the first bad rows by line. Trying again cannot help; the file has to change.
/// </summary>
internal sealed class DataSetRefusedException(string file, string reason, IReadOnlyList<BadRow>? badRows = null)
    : Exception(Describe(file, reason, badRows ?? []))
{
    private const int MaxRowsShown = 5;

    public IReadOnlyList<BadRow> BadRows { get; } = badRows ?? [];

    private static string Describe(string file, string reason, IReadOnlyList<BadRow> badRows)
    {
        var first = string.Join("; ", badRows.Take(MaxRowsShown));
        return badRows.Count switch
        {
            0 => $"{file}: {reason}",
            <= MaxRowsShown => $"{file}: {reason} Bad rows: {first}.",
            _ => $"{file}: {reason} First bad rows of {badRows.Count}: {first}.",
        };
    }
}
