using System.CommandLine;
using Serverless.Trainer.Data;

namespace Serverless.Trainer.Commands;

/// <summary>The options of a command that reads a data set.</summary>
internal sealed class DataOptions
{
    private readonly Option<FileSystemInfo> data;
    private readonly Option<FileInfo> labelNames = new Option<FileInfo>("--label-names")
    {
        Description = "Names for integer labels: a file with one name per line, a JSON array, or a JSON object from integer to name.",
        HelpName = "file",
    }.AcceptExistingOnly();

    private readonly Option<string?> textColumn = new("--text-column")
    {
        Description = "Column to read as the text [text, or description]; a column title is put before it.",
        HelpName = "name",
    };

    private readonly Option<string?> labelColumn = new("--label-column")
    {
        Description = "Column to read as the label [label, or class index].",
        HelpName = "name",
    };

    public DataOptions(Command command, string use)
    {
        data = new Option<FileSystemInfo>("--data")
        {
            Description = $"CSV, JSONL or Parquet file, or a folder of them; {use}",
            HelpName = "file or folder",
            Required = true,
        }.AcceptExistingOnly();
        command.Options.Insert(0, data); // required, so it comes first in the help
        command.Add(labelNames);
        command.Add(textColumn);
        command.Add(labelColumn);
    }

    /// <summary>The name of the data set: its file or folder without the extension.</summary>
    public string GetName(ParseResult parsed) => Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(parsed.GetRequiredValue(data).FullName));

    /// <summary>Loads the data set and splits it into training, held-out and test rows.</summary>
    public Task<DataSet> LoadAsync(ParseResult parsed, double heldOutFraction, Shingles exclude, CancellationToken cancellationToken) =>
        DataSet.LoadAsync(parsed.GetRequiredValue(data).FullName, heldOutFraction, name: null, Fields(parsed), Names(parsed), exclude, cancellationToken);

    /// <summary>Reads all usable rows, without a split.</summary>
    public Task<DataSetFile> ReadAsync(ParseResult parsed, CancellationToken cancellationToken) => parsed.GetRequiredValue(data) switch
    {
        DirectoryInfo folder => DataSetFolder.ReadAsync(folder.FullName, Fields(parsed), Names(parsed), cancellationToken),
        var file => DataSetFile.ReadAsync(file.FullName, name: null, Fields(parsed), Names(parsed), cancellationToken),
    };

    /// <summary>Writes the notes on a data set, as a training does.</summary>
    public static void WriteNotes(TextWriter output, IEnumerable<string> notes)
    {
        foreach (var note in notes)
        {
            output.WriteLine($"note   {note}");
        }
    }

    private RowFields Fields(ParseResult parsed) => new(parsed.GetValue(textColumn), parsed.GetValue(labelColumn));

    private LabelNames? Names(ParseResult parsed) => parsed.GetValue(labelNames) is { } file ? LabelNames.Read(file.FullName) : null;
}
