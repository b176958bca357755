using System.CommandLine;
using Serverless.Benchmarks.Report;
using Serverless.Llama.Kernels;

namespace Serverless.Benchmarks.Serving;

/// <summary><c>serving</c>: measures classification, compared with llama.cpp and with the limit of the processor.</summary>
internal static class ServingCommand
{
    private static readonly string[] Parts = ["throughput", "agreement", "starter", "process"];

    public static Command Create()
    {
        var cache = new Option<DirectoryInfo>("--cache")
        {
            Description = "The folder where the measured models are written once: 9 GB.",
            DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Path.GetTempPath(), "serverless-benchmarks")),
        };
        var only = new Option<string[]>("--only") { Description = "The parts to measure; each has its own section in BENCHMARKS.md." };
        only.AcceptOnlyFromAmong(Parts);
        var rounds = new Option<int>("--rounds") { Description = "The number of rounds.", DefaultValueFactory = _ => 3 };
        var articles = new Option<int>("--articles") { Description = "The number of articles for llama.cpp in a round.", DefaultValueFactory = _ => 16 };
        var data = new Option<FileInfo?>("--data") { Description = "Training articles of AG News; the starter model is measured on its held-out rows." };
        var bases = CreateBases();
        var command = new Command("serving", "Measure classification, compared with llama.cpp and with the limit of the processor.")
        {
            cache, only, rounds, articles, data, bases,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            TorchRuntime.Initialize();
            Peer.Install();
            var folder = parsed.GetRequiredValue(cache).FullName;
            Directory.CreateDirectory(folder);
            foreach (var part in parsed.GetValue(only) is { Length: > 0 } selected ? selected : Parts)
            {
                Console.Error.WriteLine($"serving: {part}");
                var section = part switch
                {
                    "throughput" => ThroughputBenchmark.Run(folder, parsed.GetValue(rounds), parsed.GetValue(articles)),
                    "agreement" => await AgreementBenchmark.RunAsync(folder, parsed.GetValue(data)?.FullName, cancellationToken),
                    "starter" => await StarterBenchmark.RunAsync(parsed.GetValue(rounds), cancellationToken),
                    _ => await ProcessBenchmark.RunAsync(folder, cancellationToken),
                };
                BenchmarkReport.Write(part, $"dotnet run --project tests/benchmarks -c Release -- serving --only {part}", section);
                Console.Out.WriteLine(section);
            }
        });
        return command;
    }

    /// <summary><c>serving bases</c>: prints its table, which is in docs/bases.md.</summary>
    private static Command CreateBases()
    {
        var rounds = new Option<int>("--rounds") { Description = "The number of rounds for each base.", DefaultValueFactory = _ => 3 };
        var articles = new Option<int>("--articles") { Description = "The number of articles in a round.", DefaultValueFactory = _ => 16 };
        var only = new Option<string>("--only") { Description = "A part of the names of the bases to measure.", DefaultValueFactory = _ => "" };
        var command = new Command("bases", "Measure the shapes of published bases beside Llama 3.2 1B: 12 GB of memory.") { rounds, articles, only };
        command.SetAction(parsed =>
        {
            TorchRuntime.Initialize();
            Console.Out.WriteLine(BasesBenchmark.Run(parsed.GetRequiredValue(only), parsed.GetValue(rounds), parsed.GetValue(articles)));
        });
        return command;
    }
}
