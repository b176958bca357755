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
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path))
            .Where(file => DatasetFormat.GetFileType(file) is not null)
            .Order(StringComparer.Ordinal)
            .ToArray();
        if (files.Length == 0)
        {
            throw new DataSetRefusedException(name, "The folder holds no .csv, .jsonl or .parquet file.");
        }

        var read = new List<DataSetFile>();
        foreach (var file in files)
        {
            read.Add(WithPath(file, await DataSetFile.ReadAsync(Path.Combine(folder, file), file, fields, labelNames, cancellationToken)));
        }

        return new DataSetFile(name, [.. read.SelectMany(file => file.Rows)], [.. read.SelectMany(file => file.BadRows)]);
    }

    /// <summary>The part in a file's path: <c>data/test-00000-of-00001.parquet</c> is <see cref="DataPart.Test"/>.</summary>
    public static DataPart? PartFromPath(string file) =>
        Path.ChangeExtension(file, null).Split('/', '\\', '-', '_', '.').Select(RowFields.ParsePart).FirstOrDefault(part => part is not null);

    private static DataSetFile WithPath(string name, DataSetFile file)
    {
        var part = PartFromPath(name);
        return file with
        {
            Rows = [.. file.Rows.Select(row => row with { Place = row.Place with { File = name }, Part = row.Part ?? part })],
            BadRows = [.. file.BadRows.Select(row => row with { Place = row.Place with { File = name } })],
        };
    }
}
