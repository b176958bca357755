namespace Serverless.Trainer.Data;

/// <summary>
/// A data set that cannot be used for training. The message names the file, what is wrong, and the first bad rows with their lines.
/// A retry cannot help: the file must be changed.
/// </summary>
internal sealed class DataSetRefusedException(string file, string reason, IReadOnlyList<BadRow>? badRows = null)
    : UserException(Describe(file, reason, badRows ?? []))
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
