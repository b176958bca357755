using System.CommandLine;
using Serverless.Serving;

namespace Serverless.Benchmarks.Serving;

/// <summary><c>serving</c>: how fast articles are classified, beside llama.cpp and beside what the processor can do.</summary>
internal static class ServingCommand
{
    public static Command Create()
    {
        var cache = new Option<DirectoryInfo>("--cache") { DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Path.GetTempPath(), "serverless-benchmarks")) };
        var command = new Command("serving", "Measure classifying beside llama.cpp and beside the processor's own limit.") { cache };
        command.SetAction(parsed =>
        {
            TorchRuntime.Initialise();
            var folder = parsed.GetRequiredValue(cache).FullName;
            Directory.CreateDirectory(folder);
            var model = ModelFolder.Base(folder);
            ModelFolder.Adapter(folder, 1);
            ModelFolder.Adapter(folder, 2);
            Gguf.Convert(model, Path.Combine(folder, "bf16.gguf"), false);
            Gguf.Convert(model, Path.Combine(folder, "q8_0.gguf"), true);
        });
        return command;
    }
}
