using System.CommandLine;

namespace Serverless.Benchmarks.Training;

/// <summary><c>training</c>: how fast a model is fine-tuned.</summary>
internal static class TrainingCommand
{
    public static Command Create() => new("training", "Measure fine-tuning.");
}
