using System.Text;

namespace Serverless.Training;

/// <summary>The first record of a CSV file (RFC 4180): the names of the columns, or the first row of a file without names.</summary>
/// <param name="Fields">The fields without their quotation marks; one empty field for an empty file.</param>
/// <param name="Separator">A comma, unless a line <c>sep=;</c>, as Excel reads and writes it, names another character.</param>
/// <param name="LinesBefore">The number of lines before the record: empty ones, and the line that names the separator.</param>
public sealed record CsvHeader(IReadOnlyList<string> Fields, char Separator, int LinesBefore)
{
    private const string SeparatorPrefix = "sep=";

    // A header with more characters has a quotation mark that is never closed; its lines are not joined any further.
    private const int MaxCharacters = 64 * 1024;

    /// <summary>The line of the record in the file, from 1.</summary>
    public int Line => LinesBefore + 1;

    /// <summary>The names of the columns, without those at the end that have no name, as Excel writes them for empty cells.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            var last = Fields.Count;
            while (last > 1 && string.IsNullOrWhiteSpace(Fields[last - 1]))
            {
                last--;
            }

            return [.. Fields.Take(last)];
        }
    }

    public static CsvHeader Read(Stream csv)
    {
        using var reader = new StreamReader(csv, Encoding.UTF8, leaveOpen: true);
        var separator = ',';
        var linesBefore = 0;
        var line = reader.ReadLine();
        for (; line is not null && (string.IsNullOrWhiteSpace(line) || TryReadSeparator(line, ref separator)); line = reader.ReadLine())
        {
            linesBefore++;
        }

        var record = line ?? "";
        var fields = Split(record, separator, out var isOpen);
        while (isOpen && record.Length < MaxCharacters && reader.ReadLine() is { } next)
        {
            record = $"{record}\n{next}";
            fields = Split(record, separator, out isOpen);
        }

        return new CsvHeader(fields, separator, linesBefore);
    }

    /// <summary>Whether a record of the file is not closed: rows that are appended would become part of its last field.</summary>
    public static bool EndsInsideQuotes(Stream csv, char separator)
    {
        using var reader = new StreamReader(csv, Encoding.UTF8, leaveOpen: true);
        var isQuoted = false;
        var isStart = true;
        for (var next = reader.Read(); next >= 0; next = reader.Read())
        {
            var character = (char)next;
            var isQuote = character == '"' && (isQuoted || isStart);
            isStart = !isQuoted && (character == separator || character is '\r' or '\n');
            isQuoted ^= isQuote;
        }

        return isQuoted;
    }

    private static bool TryReadSeparator(string line, ref char separator)
    {
        var text = line.Trim('"', ' ');
        if (!text.StartsWith(SeparatorPrefix, StringComparison.OrdinalIgnoreCase) || text.Length != SeparatorPrefix.Length + 1)
        {
            return false;
        }

        separator = text[^1];
        return true;
    }

    private static List<string> Split(string record, char separator, out bool isQuoted)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        isQuoted = false;
        for (var i = 0; i < record.Length; i++)
        {
            var character = record[i];
            if (character == '"' && isQuoted && i + 1 < record.Length && record[i + 1] == '"')
            {
                field.Append(character);
                i++;
            }
            else if (character == '"' && (isQuoted || field.Length == 0))
            {
                isQuoted = !isQuoted;
            }
            else if (character == separator && !isQuoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else
            {
                field.Append(character);
            }
        }

        fields.Add(field.ToString());
        return fields;
    }
}
