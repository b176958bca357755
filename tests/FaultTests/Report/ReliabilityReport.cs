using System.Diagnostics;
using System.Globalization;

namespace Serverless.FaultTests.Report;

/// <summary>
/// The table of <c>RELIABILITY.md</c>: each test replaces its own row and leaves the others alone, and whatever stands outside
/// of the table's markers. Written only by <c>tests/reliability.sh</c>.
/// </summary>
internal static class ReliabilityReport
{
    private const string Open = "<!-- faults: written by tests/reliability.sh -->";
    private const string Close = "<!-- faults: end -->";
    private const string Head = "| What was done | How often | Seed | What was checked | Outcome | When, commit |\n| --- | --- | --- | --- | --- | --- |";

    private static readonly Lock Gate = new();

    private static string? Path => Environment.GetEnvironmentVariable("RELIABILITY_REPORT") is { Length: > 0 } path ? path : null;

    /// <summary>Runs a scenario and records how it ended.</summary>
    /// <param name="name">The row's first cell.</param>
    /// <param name="extent">How often.</param>
    /// <param name="check">What was checked.</param>
    /// <param name="scenario">Throws if something does not hold; gives the outcome in words.</param>
    public static async Task RecordAsync(string name, string extent, string check, Func<Task<string>> scenario)
    {
        try
        {
            Write(name, extent, check, await scenario());
        }
        catch (Exception exception)
        {
            Write(name, extent, check, $"**Broken**: {exception.Message}");
            throw;
        }
    }

    private static void Write(string name, string extent, string check, string outcome)
    {
        if (Path is not { } path)
        {
            return;
        }

        lock (Gate)
        {
            var text = File.Exists(path) ? File.ReadAllText(path) : "# What this system survives\n";
            var (start, end) = (text.IndexOf(Open, StringComparison.Ordinal), text.IndexOf(Close, StringComparison.Ordinal));
            var rows = start < 0 ? [] : text[start..end].Split('\n').Where(line => line.StartsWith('|')).Skip(2).Where(line => Cell(line) != name).ToList();
            string[] cells = [name, extent, $"{Extent.Seed}", check, outcome, string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {Commit()}")];
            rows.Add($"| {string.Join(" | ", cells.Select(cell => cell.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal)))} |");
            var section = $"{Open}\n{Head}\n{string.Join('\n', rows.OrderBy(Cell, StringComparer.Ordinal))}\n\n{Machine()}\n{Close}";
            File.WriteAllText(path, start < 0 ? $"{text.TrimEnd()}\n\n{section}\n" : text[..start] + section + text[(end + Close.Length)..]);
        }
    }

    private static string Cell(string row) => row.Split('|')[1].Trim();

    private static string Machine()
    {
        string Field(string file, string name) => File.ReadLines(file).First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(':')[1].Trim();
        var memory = double.Parse(Field("/proc/meminfo", "MemTotal").Split(' ')[0], CultureInfo.InvariantCulture) / (1 << 20);
        return string.Create(CultureInfo.InvariantCulture, $"Machine: {Field("/proc/cpuinfo", "model name")}, {Environment.ProcessorCount} virtual cores, {memory:0} GB of memory, {System.Runtime.InteropServices.RuntimeInformation.OSDescription}.");
    }

    private static string Commit()
    {
        using var git = Process.Start(new ProcessStartInfo("git", ["-C", Repository.Root, "rev-parse", "--short", "HEAD"]) { RedirectStandardOutput = true })!;
        return git.StandardOutput.ReadToEnd().Trim();
    }
}
