using System.CommandLine;
using Serverless.Benchmarks.Report;
using Serverless.Llama.Kernels;

namespace Serverless.Benchmarks.Serving;

/// <summary><c>serving</c>: how fast articles are classified, beside llama.cpp and beside what the processor can do.</summary>
internal static class ServingCommand
{
    private static readonly string[] Parts = ["throughput", "agreement", "starter", "process"];

    public static Command Create()
    {
        var cache = new Option<DirectoryInfo>("--cache")
        {
            Description = "Where the models that are measured are written, once: 9 GB.",
            DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Path.GetTempPath(), "serverless-benchmarks")),
        };
        var only = new Option<string[]>("--only") { Description = "Some parts alone; each has its own section in BENCHMARKS.md." };
        only.AcceptOnlyFromAmong(Parts);
        var rounds = new Option<int>("--rounds") { Description = "How often each contestant has its turn.", DefaultValueFactory = _ => 3 };
        var articles = new Option<int>("--articles") { Description = "How many articles llama.cpp gets in a turn.", DefaultValueFactory = _ => 16 };
        var data = new Option<FileInfo?>("--data") { Description = "Training articles of AG News, text,label: the starter model is measured on those that are held out." };
        var command = new Command("serving", "Measure classifying beside llama.cpp and beside the processor's own limit.") { cache, only, rounds, articles, data };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            TorchRuntime.Initialize();
            Peer.Install();
            var folder = parsed.GetRequiredValue(cache).FullName;
            Directory.CreateDirectory(folder);
            foreach (var part in parsed.GetValue(only) is { Length: > 0 } some ? some : Parts)
            {
                Console.Error.WriteLine($"serving: {part}");
                var section = part switch
                {
                    "throughput" => ThroughputBenchmark.Run(folder, parsed.GetValue(rounds), parsed.GetValue(articles)),
                    "agreement" => AgreementBenchmark.Run(folder, parsed.GetValue(data)?.FullName),
                    "starter" => await StarterBenchmark.RunAsync(parsed.GetValue(rounds), cancellationToken),
                    _ => await ProcessBenchmark.RunAsync(folder, cancellationToken),
                };
                BenchmarkReport.Write(part, $"dotnet run --project tests/benchmarks -c Release -- serving --only {part}", section);
                Console.Out.WriteLine(section);
            }
        });
        return command;
    }
}
