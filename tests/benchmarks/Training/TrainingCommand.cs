using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Serverless.Llama.Kernels;
using Serverless.Trainer.Training;

namespace Serverless.Benchmarks.Training;

/// <summary><c>training</c>: our optimizer step beside the published recipe's way of doing it.</summary>
internal static class TrainingCommand
{
    // Other work on the machine comes and goes: the ways take turns, and the middle of three counts.
    private const int Rounds = 3;

    public static Command Create()
    {
        var shapes = new Option<string[]>("--shape")
        {
            Description = "Shapes to time; 1b needs a GPU, or an hour.",
            DefaultValueFactory = _ => [Shape.Toy, Shape.Starter],
            AllowMultipleArgumentsPerToken = true,
        }.AcceptOnlyFromAmong(Shape.Toy, Shape.Starter, Shape.Llama1B);
        var steps = new Option<int>("--steps") { Description = "Optimizer steps to time, of 32 articles each.", DefaultValueFactory = _ => 20 };
        var only = new Option<Way?>("--only") { Description = "Time one way in this process and write the figures as JSON: what the command starts." };
        var python = new Option<string>("--python") { Description = "A Python with torch, transformers and peft, to be timed too.", DefaultValueFactory = _ => "python3" };
        var command = new Command("training", "Measure fine-tuning beside the published recipe's way of doing it.") { shapes, steps, only, python };
        command.SetAction((parsed, cancellationToken) =>
        {
            var (count, names) = (parsed.GetValue(steps), parsed.GetRequiredValue(shapes));
            if (parsed.GetValue(only) is { } way)
            {
                TorchRuntime.Initialize(Environment.ProcessorCount, training: true);
                Console.WriteLine(JsonSerializer.Serialize(TimedTraining.Run(way, names[0], count)));
                return Task.CompletedTask;
            }

            return CompareAsync(names, count, parsed.GetRequiredValue(python), cancellationToken);
        });
        return command;
    }

    private static async Task CompareAsync(string[] shapes, int steps, string python, CancellationToken cancellationToken)
    {
        TorchRuntime.Initialize(Environment.ProcessorCount);
        var results = new List<(string, IReadOnlyDictionary<Way, Timing>, PeerTiming?)>();
        foreach (var shape in shapes)
        {
            var timings = Enum.GetValues<Way>().ToDictionary(way => way, _ => new List<Timing>());
            for (var round = 0; round < Rounds; round++)
            {
                foreach (var (way, measured) in timings)
                {
                    measured.Add(await MeasureAsync(way, shape, steps, cancellationToken));
                    Console.Error.WriteLine($"{shape} {way}: {measured[^1].ArticlesPerSecond:0.0} articles/s, {measured[^1].Memory / 1e6:0} MB");
                }
            }

            var (articles, sample) = TimedTraining.Sample(Shape.Of(shape), steps);
            var peer = await PeftPeer.MeasureAsync(python, Shape.Of(shape), [.. sample.Select(step => step.Select(article => articles[article]).ToArray())], cancellationToken);
            results.Add((shape, timings.ToDictionary(entry => entry.Key, entry => Median(entry.Value)), peer));
        }

        var command = $"dotnet run --project tests/benchmarks -c Release -- training --shape {string.Join(" ", shapes)} --steps {steps}";
        TrainingReportSection.Write(Hardware.Choose("auto").ToString(), command, results);
    }

    private static async Task<Timing> MeasureAsync(Way way, string shape, int steps, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(TrainingCommand).Assembly.Location, "training", "--only", $"{way}", "--shape", shape, "--steps", $"{steps}"])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<Timing>(output)!
            : throw new InvalidOperationException($"The training {way} of the shape {shape} failed; its reason stands above.");
    }

    private static Timing Median(IEnumerable<Timing> timings) => timings.OrderBy(timing => timing.ArticlesPerSecond).ElementAt(Rounds / 2);
}
