using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Serverless.FaultTests.Report;

/// <summary>
/// The table of <c>RELIABILITY.md</c>. Each test replaces its own row and keeps the others, and the text outside the markers of the
/// table. Written only by <c>tests/reliability.sh</c>.
/// </summary>
internal static class ReliabilityReport
{
    private const string Open = "<!-- faults: written by tests/reliability.sh -->";
    private const string Close = "<!-- faults: end -->";
    private const string Header =
        "| What was done | How often | Seed | What was checked | Outcome | When, commit |\n| --- | --- | --- | --- | --- | --- |";

    private const string Introduction = """
        # Reliability

        Every article gets exactly one result and every training request exactly one outcome, and all programs recover by themselves, when
        processes are killed, storage fails, instances run twice or input is malformed. It was tested by killing processes at random and at
        chosen moments, by a proxy that injects storage faults, by full and read-only disks, by hostile input and by half an hour of mixed load.
        """;

    private static readonly Lock Gate = new();

    private static string? Path => Environment.GetEnvironmentVariable("RELIABILITY_REPORT") is { Length: > 0 } path ? path : null;

    /// <summary>Runs a scenario and records its outcome.</summary>
    /// <param name="name">The first cell of the row.</param>
    /// <param name="scale">How often.</param>
    /// <param name="check">What was checked.</param>
    /// <param name="scenario">Returns the outcome in words; throws if a check fails.</param>
    public static async Task RecordAsync(string name, string scale, string check, Func<Task<string>> scenario)
    {
        try
        {
            Write(name, scale, check, await scenario());
        }
        catch (Exception exception)
        {
            Write(name, scale, check, $"**Failed**: {exception.Message}");
            throw;
        }
    }

    private static void Write(string name, string scale, string check, string outcome)
    {
        if (Path is not { } path)
        {
            return;
        }

        lock (Gate)
        {
            var text = File.Exists(path) ? File.ReadAllText(path) : Introduction;
            var (start, end) = (text.IndexOf(Open, StringComparison.Ordinal), text.IndexOf(Close, StringComparison.Ordinal));
            var rows = start < 0
                ? []
                : text[start..end].Split('\n').Where(line => line.StartsWith('|')).Skip(2).Where(line => Cell(line) != name).ToList();
            string[] cells = [name, scale, $"{Scale.Seed}", check, outcome, $"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {Commit()}"];
            rows.Add($"| {string.Join(" | ", cells.Select(cell => cell.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal)))} |");
            var section = $"{Open}\n{Header}\n{string.Join('\n', rows.OrderBy(Cell, StringComparer.Ordinal))}\n\n{Machine()}\n{Close}";
            File.WriteAllText(path, start < 0 ? $"{text.TrimEnd()}\n\n{section}\n" : text[..start] + section + text[(end + Close.Length)..]);
        }
    }

    private static string Cell(string row) => row.Split('|')[1].Trim();

    private static string Machine()
    {
        var memory = double.Parse(Field("/proc/meminfo", "MemTotal").Split(' ')[0], CultureInfo.InvariantCulture) / (1 << 20);
        return $"Machine: {Field("/proc/cpuinfo", "model name")}, {Environment.ProcessorCount} virtual cores, {memory:0} GB of memory, " +
            $"{RuntimeInformation.OSDescription}.";

        static string Field(string file, string name) =>
            File.ReadLines(file).First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(':')[1].Trim();
    }

    private static string Commit()
    {
        var start = new ProcessStartInfo("git", ["-C", Repository.Root, "rev-parse", "--short", "HEAD"]) { RedirectStandardOutput = true };
        using var git = Process.Start(start)!;
        return git.StandardOutput.ReadToEnd().Trim();
    }
}
