using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using Serverless.Benchmarks.Report;

namespace Serverless.Benchmarks.Micro;

/// <summary><c>micro</c>: measures time and allocations of the code around the forward pass with BenchmarkDotNet.</summary>
/// <remarks>It fails when an article allocates more than its bound.</remarks>
internal static class MicroCommand
{
    // 1.5 times the measured allocations when the bounds were set.
    private static readonly Dictionary<string, long> MaxBytes = new()
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
            // In this process, because a generated project would copy the half gigabyte of libtorch to another folder.
            var config = ManualConfig.CreateMinimumViable()
                .AddJob(Job.ShortRun.WithToolchain(InProcessNoEmitToolchain.Instance))
                .AddLogger(ConsoleLogger.Default)
                .WithOptions(ConfigOptions.DisableOptimizationsValidator);
            var summary = BenchmarkRunner.Run<HotPath>(config);
            var measured = summary.Reports
                .Select(report => (
                    report.BenchmarkCase.Descriptor.WorkloadMethod.Name,
                    report.ResultStatistics!.Median,
                    Bytes: report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase)))
                .ToArray();
            var rows = measured.Select(row => $"| {row.Name} | {row.Median / 1000:0.0} | {row.Bytes:N0} | {MaxBytes[row.Name]:N0} |");
            var section = $"""
                ## Our own code around the forward pass

                For one article of AG News' length. The first two are all that is done for it besides the forward pass in the 1B shape.

                | | µs | bytes allocated | bound |
                | --- | --- | --- | --- |
                {string.Join('\n', rows)}
                """;
            BenchmarkReport.Write("micro", "dotnet run --project tests/benchmarks -c Release -- micro", section);
            var over = measured.Where(row => row.Bytes > MaxBytes[row.Name])
                .Select(row => $"{row.Name} allocates {row.Bytes} bytes for an article; its bound is {MaxBytes[row.Name]}.").ToArray();
            foreach (var line in over)
            {
                Console.Error.WriteLine(line);
            }

            return over.Length == 0 ? 0 : 1;
        });
        return command;
    }
}
