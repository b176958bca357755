using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Serverless.Llama.Tokenizer;

namespace Serverless.Trainer.Data;

/// <summary>
/// The names of integer labels. They are in the metadata of a Parquet file of the Hugging Face Hub, or in a file of their own: one
/// name per line, a JSON array, or a JSON object from integer to name. A list does not define whether labels start at 0 (as on the
/// Hub) or at 1 (as in AG News): the labels of the data set decide.
/// </summary>
/// <param name="Names">By integer, or by index in the list if <paramref name="IsList"/>.</param>
/// <param name="Source">The source of the names, for messages.</param>
internal sealed record LabelNames(IReadOnlyDictionary<int, string> Names, bool IsList, string Source)
{
    /// <exception cref="DataSetRefusedException">The file has fewer than two names, or the same name twice.</exception>
    public static LabelNames Read(string path)
    {
        var source = Path.GetFileName(path);
        var text = File.ReadAllText(path);
        var names = text.TrimStart() is ['[' or '{', ..] ? ParseJson(text, source) : ParseLines(text, source);
        var values = names.Names.Values;
        if (names.Names.Count < 2 || values.Any(string.IsNullOrWhiteSpace) || values.Distinct(StringComparer.Ordinal).Count() < names.Names.Count)
        {
            throw new DataSetRefusedException(
                source, "Two or more different label names are required: one per line, a JSON array, or a JSON object from integer to name.");
        }

        return names;
    }

    /// <summary>Creates the names from a ClassLabel of the Hub's metadata, which starts at 0.</summary>
    public static LabelNames FromClassLabel(IEnumerable<string> names, string source) =>
        new(names.Index().ToDictionary(name => name.Index, name => UnicodeComposition.Compose(name.Item)), IsList: false, source);

    /// <summary>Replaces integer labels by their names. A label that is already one of the names is kept.</summary>
    /// <returns>
    /// The rows with names; those whose label has no name are bad rows. A held-out or test row whose label is a placeholder has no label.
    /// </returns>
    /// <exception cref="DataSetRefusedException">The labels fit the list from 0 as well as from 1.</exception>
    public ReadResult Apply(string file, ReadResult read)
    {
        var indexBase = IsList ? IndexBase(file, read.LabelsStartAtOne, read.Rows) : 0;
        var known = Names.Values.ToHashSet(StringComparer.Ordinal);
        var named = new List<DataSetRow>(read.Rows.Count);
        var badRows = read.BadRows.ToList();
        foreach (var row in read.Rows)
        {
            if (Number(row) is { } number && Names.TryGetValue(number - indexBase, out var name))
            {
                named.Add(row with { Label = name });
            }
            else if (known.Contains(row.Label) || row.Label.Length == 0)
            {
                named.Add(row);
            }
            else if (LabelText.Placeholders.Contains(row.Label) && row.Part is DataPart.HeldOut or DataPart.Test)
            {
                named.Add(row with { Label = "" });
            }
            else
            {
                var isPlaceholder = LabelText.Placeholders.Contains(row.Label);
                badRows.Add(new BadRow(row.Place, isPlaceholder ? $"the row has no label ({row.Label})" : $"the label '{row.Label}' has no name in {Source}"));
            }
        }

        return read with { Rows = named, BadRows = [.. badRows.OrderBy(row => row.Line)] };
    }

    private int IndexBase(string file, bool startsAtOne, IReadOnlyList<DataSetRow> rows)
    {
        var numbers = rows.Where(row => !LabelText.Placeholders.Contains(row.Label)).Select(Number).OfType<int>().ToHashSet();
        if (startsAtOne || (!numbers.Contains(0) && numbers.Contains(Names.Count)))
        {
            return 1;
        }

        if (numbers.Contains(0) || numbers.Count == 0)
        {
            return 0;
        }

        throw new DataSetRefusedException(
            file,
            $"Its labels ({string.Join(", ", numbers.Order().Take(10))}) fit the {Names.Count} names in {Source} from 0 as well as from 1; " +
            $"write them as a JSON object: {{\"1\": \"{Names[0]}\", …}}.");
    }

    private static int? Number(DataSetRow row) =>
        int.TryParse(row.Label, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static LabelNames ParseLines(string text, string source) =>
        CreateList(text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0), source);

    private static LabelNames CreateList(IEnumerable<string> names, string source) =>
        new(names.Index().ToDictionary(name => name.Index, name => UnicodeComposition.Compose(name.Item)), IsList: true, source);

    private static LabelNames ParseJson(string text, string source)
    {
        try
        {
            return JsonNode.Parse(text) switch
            {
                JsonArray array => CreateList(array.Select(name => (string)name!), source),
                JsonObject byNumber => new(
                    byNumber.ToDictionary(name => int.Parse(name.Key, CultureInfo.InvariantCulture), name => UnicodeComposition.Compose((string)name.Value!)),
                    IsList: false,
                    source),
                _ => throw new JsonException("neither an array nor an object"),
            };
        }
        catch (Exception exception) when (exception is JsonException or FormatException or OverflowException or InvalidOperationException or ArgumentException)
        {
            throw new DataSetRefusedException(source, $"Not a list of label names: {exception.Message}");
        }
    }
}
