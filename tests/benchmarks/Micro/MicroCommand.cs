using System.CommandLine;
using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using Serverless.Benchmarks.Report;

namespace Serverless.Benchmarks.Micro;

/// <summary><c>micro</c>: time and allocations of our own code around the forward pass, by BenchmarkDotNet. Fails when an article allocates more than its bound.</summary>
internal static class MicroCommand
{
    // Half as much again as was measured when they were set.
    private static readonly Dictionary<string, long> MostBytes = new()
    {
        [nameof(HotPath.Tokenise)] = 1600,
        [nameof(HotPath.WaitAndBatch)] = 420,
        [nameof(HotPath.ClassifyWithTheStarter)] = 18800,
    };

    public static Command Create()
    {
        var command = new Command("micro", "Measure time and allocations of the code around the forward pass.");
        command.SetAction(_ =>
        {
            // In this process: a generated project would build libtorch's half gigabyte into another folder.
            var config = ManualConfig.CreateMinimumViable()
                .AddJob(Job.ShortRun.WithToolchain(InProcessNoEmitToolchain.Instance))
                .AddLogger(ConsoleLogger.Default)
                .WithOptions(ConfigOptions.DisableOptimizationsValidator);
            var summary = BenchmarkRunner.Run<HotPath>(config);
            var measured = summary.Reports
                .Select(report => (Name: report.BenchmarkCase.Descriptor.WorkloadMethod.Name, report.ResultStatistics!.Median, Bytes: report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase)))
                .ToArray();
            var rows = measured.Select(row => string.Create(CultureInfo.InvariantCulture, $"| {row.Name} | {row.Median / 1000:0.0} | {row.Bytes:N0} | {MostBytes[row.Name]:N0} |"));
            var section = $"""
                ## Our own code around the forward pass

                For one article of AG News' length. The first two are all that is done for it besides the forward pass in the 1B shape.

                | | µs | bytes allocated | bound |
                | --- | --- | --- | --- |
                {string.Join('\n', rows)}
                """;
            BenchmarkReport.Write("micro", "dotnet run --project tests/benchmarks -c Release -- micro", section);
            var over = measured.Where(row => row.Bytes > MostBytes[row.Name]).Select(row => $"{row.Name} allocates {row.Bytes} bytes for an article; its bound is {MostBytes[row.Name]}.").ToArray();
            foreach (var line in over)
            {
                Console.Error.WriteLine(line);
            }

            return over.Length == 0 ? 0 : 1;
        });
        return command;
    }
}
