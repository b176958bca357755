using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;

namespace Serverless.Benchmarks.Report;

/// <summary>Describes the machine that the figures are measured on.</summary>
internal static class Machine
{
    // The extensions that affect matrix multiplication, as in /proc/cpuinfo.
    private static readonly string[] Extensions =
        ["avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_bf16", "amx_int8"];

    /// <summary>One paragraph of Markdown.</summary>
    public static string Describe()
    {
        var processor = Fields("/proc/cpuinfo");
        var flags = processor.GetValueOrDefault("flags", "").Split(' ').ToHashSet();
        var memory = long.Parse(Fields("/proc/meminfo")["MemTotal"].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture) / 1048576.0;
        var name = $"{processor.GetValueOrDefault("model name", "unknown processor")} " +
            $"(family {processor.GetValueOrDefault("cpu family")}, model {processor.GetValueOrDefault("model")})";
        return $"""
            Machine: {name}, {Environment.ProcessorCount} virtual cores; {string.Join(", ", Extensions.Where(flags.Contains))}; {memory:0} GB of memory; {RuntimeInformation.OSDescription}.
            Versions: {RuntimeInformation.FrameworkDescription}; TorchSharp {Version(typeof(torch))}; libtorch {torch.__version__}. Date: {DateTime.UtcNow:yyyy-MM-dd}.
            """;
    }

    private static string Version(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    /// <summary>The fields of the first entry of a file of lines <c>name : value</c>.</summary>
    private static Dictionary<string, string> Fields(string path) => File.ReadLines(path)
        .TakeWhile(line => line.Length > 0)
        .Select(line => line.Split(':', 2))
        .Where(parts => parts.Length == 2)
        .DistinctBy(parts => parts[0].Trim())
        .ToDictionary(parts => parts[0].Trim(), parts => parts[1].Trim());
}
