using System.Globalization;

namespace Serverless.Training;

/// <summary>Finds a column of a data set by its name: a field of a CSV header, a key of a JSON object, a column of a Parquet file.</summary>
/// <remarks>
/// White space and invisible characters around a name do not count, and neither does its case. A name that is exactly the wanted one is
/// preferred; two that differ in case only, neither of them exact, are an error.
/// </remarks>
public static class ColumnNames
{
    /// <param name="names">The names of all columns.</param>
    /// <param name="wanted">The name to find.</param>
    /// <param name="index">The column's index; -1 if there is none.</param>
    /// <param name="error">Which names are ambiguous, for a person.</param>
    /// <returns>False if two columns have the name.</returns>
    public static bool TryFind(IReadOnlyList<string> names, string wanted, out int index, out string? error)
    {
        error = null;
        int[] alike = [.. Enumerable.Range(0, names.Count).Where(i => Trim(names[i]).Equals(Trim(wanted), StringComparison.OrdinalIgnoreCase))];
        int[] exact = [.. alike.Where(i => Trim(names[i]) == Trim(wanted))];
        var found = exact.Length > 0 ? exact : alike;
        index = found.Length == 0 ? -1 : found[0];
        if (found.Length > 1)
        {
            var (first, second) = (Trim(names[found[0]]), Trim(names[found[1]]));
            error = first == second ? $"the column '{first}' twice" : $"the columns '{first}' and '{second}', which differ in case only";
        }

        return error is null;
    }

    /// <summary>A name without white space and invisible characters, such as a byte order mark or a zero-width space, around it.</summary>
    public static string Trim(string name)
    {
        var start = 0;
        var end = name.Length;
        while (start < end && IsInvisible(name[start]))
        {
            start++;
        }

        while (end > start && IsInvisible(name[end - 1]))
        {
            end--;
        }

        return name[start..end];
    }

    private static bool IsInvisible(char character) =>
        char.IsWhiteSpace(character) || char.IsControl(character) || char.GetUnicodeCategory(character) == UnicodeCategory.Format;
}
