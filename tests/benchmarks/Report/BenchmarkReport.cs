namespace Serverless.Benchmarks.Report;

/// <summary>
/// Writes <c>BENCHMARKS.md</c>. Each benchmark replaces the section between its own two markers and keeps the others.
/// </summary>
public static class BenchmarkReport
{
    private static readonly string BenchmarksFile = Repository.PathOf("BENCHMARKS.md");

    /// <summary>Replaces a section, or appends it if the file does not contain it.</summary>
    /// <param name="section">The name in the markers, such as <c>serving</c>.</param>
    /// <param name="command">The command that measures these figures.</param>
    /// <param name="markdown">Headings from level 2 down.</param>
    public static void Write(string section, string command, string markdown)
    {
        var text = File.Exists(BenchmarksFile) ? File.ReadAllText(BenchmarksFile) : "# Benchmarks\n";
        var (open, close) = ($"<!-- {section}: written by the benchmark -->", $"<!-- {section}: end -->");
        var body = $"{open}\n{markdown.Trim()}\n\n{Machine.Describe()}\nCommand: `{command}`\n{close}\n";
        var (start, end) = (text.IndexOf(open, StringComparison.Ordinal), text.IndexOf(close, StringComparison.Ordinal));
        File.WriteAllText(BenchmarksFile, start >= 0 && end > start
            ? $"{text[..start]}{body}{text[(end + close.Length + 1)..]}"
            : $"{text.TrimEnd()}\n\n{body}");
    }
}
