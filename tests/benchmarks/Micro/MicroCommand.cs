using System.CommandLine;
using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using Serverless.Benchmarks.Report;

namespace Serverless.Benchmarks.Micro;

/// <summary><c>micro</c>: time and allocations of our own code around the forward pass, by BenchmarkDotNet.</summary>
internal static class MicroCommand
{
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
            var rows = summary.Reports.Select(report => string.Create(CultureInfo.InvariantCulture,
                $"| {report.BenchmarkCase.Descriptor.WorkloadMethod.Name} | {report.ResultStatistics!.Median / 1000:0.0} | {report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase):N0} |"));
            var section = $"""
                ## Our own code around the forward pass

                For one article of AG News' length. The first two are all that is done for it besides the forward pass in the 1B shape.

                | | µs | bytes allocated |
                | --- | --- | --- |
                {string.Join('\n', rows)}
                """;
            BenchmarkReport.Write("micro", "dotnet run --project tests/benchmarks -c Release -- micro", section);
        });
        return command;
    }
}
