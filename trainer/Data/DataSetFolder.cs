using Serverless.Training;

namespace Serverless.Trainer.Data;

/// <summary>
/// Reads a data set of several files, as the Hugging Face Hub stores them: a file whose name or folder contains <c>train</c>,
/// <c>validation</c> or <c>test</c> is that part, unless its rows have a split.
/// </summary>
internal static class DataSetFolder
{
    /// <exception cref="DataSetRefusedException">No data files, or one of them cannot be used.</exception>
    public static async Task<DataSetFile> ReadAsync(
        string folder, RowFields? fields = null, LabelNames? labelNames = null, CancellationToken cancellationToken = default)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        var (hidden, files) = ListFiles(folder);
        var ignored = hidden.Count == 0
            ? null
            : $"{hidden.Count} files are not read ({string.Join(", ", hidden.Take(3))}{(hidden.Count > 3 ? ", …" : "")}): " +
              "names that begin with '.', '__' or '~$' are not data.";
        if (files.Count == 0)
        {
            throw new DataSetRefusedException(name, $"The folder holds no .csv, .jsonl or .parquet file.{(ignored is null ? "" : $" {ignored}")}");
        }

        var read = new List<DataSetFile>();
        foreach (var file in files)
        {
            var part = PartFromPath(file);
            read.Add(WithPath(file, await DataSetFile.ReadPartAsync(
                Path.Combine(folder, file), file, part, fields ?? RowFields.Default, labelNames, cancellationToken)));
        }

        string[] notes =
        [
            .. read.SelectMany(file => file.Notes.Select(note => (file.Name, Note: note))).GroupBy(each => each.Note).Select(alike =>
                alike.Count() == 1 ? $"{alike.First().Name}: {alike.Key}" : $"{alike.Count()} files: {alike.Key}"),
        ];
        var all = new DataSetFile(
            name, [.. read.SelectMany(file => file.Rows)], [.. read.SelectMany(file => file.BadRows)], ignored is null ? notes : [ignored, .. notes]);
        return LabelCleanup.Finish(all, fields ?? RowFields.Default);
    }

    /// <summary>The part in a file's path: <c>data/test-00000-of-00001.parquet</c> is <see cref="DataPart.Test"/>.</summary>
    public static DataPart? PartFromPath(string file) =>
        Path.ChangeExtension(file, null).Split('/', '\\', '-', '_', '.').Select(RowFields.ParsePart).FirstOrDefault(part => part is not null);

    private static (IReadOnlyList<string> Hidden, IReadOnlyList<string> Files) ListFiles(string folder)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path))
            .Where(file => DatasetFormat.GetFileType(file) is not null)
            .Order(StringComparer.Ordinal)
            .ToLookup(DatasetFormat.IsHidden);
        return ([.. files[true]], [.. files[false]]);
    }

    private static DataSetFile WithPath(string name, DataSetFile file) => file with
    {
        Rows = [.. file.Rows.Select(row => row with { Place = row.Place with { File = name } })],
        BadRows = [.. file.BadRows.Select(row => row with { Place = row.Place with { File = name } })],
    };
}
