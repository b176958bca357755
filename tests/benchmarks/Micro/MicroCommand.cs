using System.CommandLine;

namespace Serverless.Benchmarks.Micro;

/// <summary><c>micro</c>: time and allocations of our own code around the forward pass, by BenchmarkDotNet.</summary>
internal static class MicroCommand
{
    public static Command Create() => new("micro", "Measure time and allocations of the code around the forward pass.");
}
