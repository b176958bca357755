using System.CommandLine;

namespace Serverless.Benchmarks.Serving;

/// <summary><c>serving</c>: how fast articles are classified, beside llama.cpp and beside what the processor can do.</summary>
internal static class ServingCommand
{
    public static Command Create() => new("serving", "Measure classifying beside llama.cpp and beside the processor's own limit.");
}
