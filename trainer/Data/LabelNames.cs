using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Serverless.Trainer.Data;

/// <summary>
/// The names behind integer labels. They stand in a Parquet file of the Hugging Face hub itself, or in a file of their own: one
/// name a line, a JSON array, or a JSON object from integer to name. A list does not say whether it counts from 0 (as the hub
/// does) or from 1 (as AG News' files do): the labels of the data set tell.
/// </summary>
/// <param name="Names">By integer, or by place in the list where <paramref name="IsList"/>.</param>
/// <param name="Source">Where they were read, for messages.</param>
internal sealed record LabelNames(IReadOnlyDictionary<int, string> Names, bool IsList, string Source)
{
    /// <exception cref="DataSetRefusedException">No names in the file, or one of them twice.</exception>
    public static LabelNames Read(string path)
    {
        var source = Path.GetFileName(path);
        var text = File.ReadAllText(path);
        var names = text.TrimStart() is ['[' or '{', ..] ? ParseJson(text, source) : ParseLines(text, source);
        if (names.Names.Count < 2 || names.Names.Values.Any(string.IsNullOrWhiteSpace) || names.Names.Values.Distinct(StringComparer.Ordinal).Count() < names.Names.Count)
        {
            throw new DataSetRefusedException(source, "The names of the labels must be two or more different ones: a name a line, a JSON array, or a JSON object from integer to name.");
        }

        return names;
    }

    /// <summary>The names that the hub's metadata gives to a ClassLabel: they count from 0.</summary>
    public static LabelNames FromClassLabel(IEnumerable<string> names, string source) =>
        new(names.Index().ToDictionary(name => name.Index, name => name.Item), IsList: false, source);

    /// <summary>Puts names in the place of integers. A label that is one of the names stays.</summary>
    /// <param name="countsFromOne">True where the format says so; otherwise the labels themselves have to tell.</param>
    /// <exception cref="DataSetRefusedException">The labels fit the list from 0 as well as from 1.</exception>
    public void Apply(string file, bool countsFromOne, List<DataSetRow> rows, List<BadRow> badRows)
    {
        var indexBase = IsList ? IndexBase(file, countsFromOne, rows) : 0;
        var known = Names.Values.ToHashSet(StringComparer.Ordinal);
        var named = new List<DataSetRow>(rows.Count);
        foreach (var row in rows)
        {
            if (Number(row) is { } number && Names.TryGetValue(number - indexBase, out var name))
            {
                named.Add(row with { Label = name });
            }
            else if (known.Contains(row.Label))
            {
                named.Add(row);
            }
            else
            {
                badRows.Add(new BadRow(row.Place, row.Label == "-1" ? "the row has no label (-1)" : $"the label '{row.Label}' has no name in {Source}"));
            }
        }

        rows.Clear();
        rows.AddRange(named);
        badRows.Sort((one, other) => one.Line.CompareTo(other.Line));
    }

    private int IndexBase(string file, bool countsFromOne, List<DataSetRow> rows)
    {
        var numbers = rows.Select(Number).OfType<int>().ToHashSet();
        return countsFromOne || (!numbers.Contains(0) && numbers.Contains(Names.Count)) ? 1
            : numbers.Contains(0) || numbers.Count == 0 ? 0
            : throw new DataSetRefusedException(
                file, $"Its labels ({string.Join(", ", numbers.Order().Take(10))}) fit the {Names.Count} names in {Source} from 0 as well as from 1; write them as a JSON object: {{\"1\": \"{Names[0]}\", …}}.");
    }

    private static int? Number(DataSetRow row) => int.TryParse(row.Label, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static LabelNames ParseLines(string text, string source) =>
        new(text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0).Index().ToDictionary(name => name.Index, name => name.Item), IsList: true, source);

    private static LabelNames ParseJson(string text, string source)
    {
        try
        {
            return JsonNode.Parse(text) switch
            {
                JsonArray array => new(array.Index().ToDictionary(name => name.Index, name => (string)name.Item!), IsList: true, source),
                JsonObject byNumber => new(byNumber.ToDictionary(name => int.Parse(name.Key, CultureInfo.InvariantCulture), name => (string)name.Value!), IsList: false, source),
                _ => throw new JsonException("neither an array nor an object"),
            };
        }
        catch (Exception exception) when (exception is JsonException or FormatException or OverflowException or InvalidOperationException or ArgumentException)
        {
            throw new DataSetRefusedException(source, $"Not the names of labels: {exception.Message}");
        }
    }
}
