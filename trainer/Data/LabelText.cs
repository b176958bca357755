using System.Globalization;
using System.Text.RegularExpressions;
using Serverless.Llama.Tokenizer;

namespace Serverless.Trainer.Data;

/// <summary>One spelling for labels that are the same: composed characters, and whole numbers without a decimal point.</summary>
internal static partial class LabelText
{
    /// <summary>The labels with which data sets mark rows that have none. They can be real labels too: the training rows decide.</summary>
    public static IReadOnlySet<string> Placeholders { get; } = new HashSet<string> { "-1", "-100" };

    /// <returns>Empty if there is no label.</returns>
    public static string Normalize(FieldValue label)
    {
        var text = (label.Text ?? "").Trim();
        if (label.IsNumber && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            // G29 has no zeros after the last digit that counts, and no exponent in the range of labels.
            text = number == 0 ? "0" : number.ToString("G29", CultureInfo.InvariantCulture);
        }

        return WholeNumber().Match(text) is { Success: true } whole
            ? WithoutSignOfZero(whole.Groups["digits"].Value, whole.Groups["sign"].Value)
            : UnicodeComposition.Compose(text);
    }

    /// <summary>Labels that are all true or false, in any case, are written as JSON and Parquet write them.</summary>
    public static IReadOnlyList<DataSetRow> NormalizeBooleans(IReadOnlyList<DataSetRow> rows) =>
        rows.All(row => bool.TryParse(row.Label, out _)) ? [.. rows.Select(row => row with { Label = row.Label.ToLowerInvariant() })] : rows;

    private static string WithoutSignOfZero(string digits, string sign) => sign == "-" && digits.Any(digit => digit != '0') ? $"-{digits}" : digits;

    // Programs that hold integers with gaps as floating-point numbers write 1 as 1.0.
    [GeneratedRegex(@"^(?<sign>[+-]?)(?<digits>[0-9]+)\.0*$")]
    private static partial Regex WholeNumber();
}
