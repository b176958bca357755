using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Serverless.Llama;
using Serverless.Trainer.Data;

namespace Serverless.Benchmarks.Training;

/// <param name="Memory">Peak bytes, of PyTorch on the GPU or of the process.</param>
/// <param name="Versions">Of Python's packages.</param>
internal sealed record PeerTiming(double ArticlesPerSecond, long Memory, string Versions);

/// <summary>The recipe's step in transformers and PEFT themselves, on the same device: for those who have them.</summary>
internal static class PeftPeer
{
    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <param name="python">The program that has torch, transformers and peft.</param>
    /// <param name="config">The shape.</param>
    /// <param name="steps">The articles of each step.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null, and a line that says why, where they are not installed.</returns>
    public static async Task<PeerTiming?> MeasureAsync(string python, LlamaConfig config, IReadOnlyList<Article[]> steps, CancellationToken cancellationToken)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(
                new { config.VocabSize, config.HiddenSize, config.IntermediateSize, config.NumHiddenLayers, config.NumAttentionHeads, config.NumKeyValueHeads, config.HeadDim, config.RopeTheta },
                SnakeCase), cancellationToken);
            var start = new ProcessStartInfo(python, [Repository.PathOf("tests/benchmarks/peer/peft_step.py"), file, $"{steps.Count}"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            };
            start.Environment.Remove("LD_LIBRARY_PATH"); // Python finds its own libtorch
            using var process = Process.Start(start)!;
            await WriteAsync(process.StandardInput, steps);
            var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0 ? JsonSerializer.Deserialize<PeerTiming>(output) : null;
        }
        catch (Win32Exception exception)
        {
            Console.Error.WriteLine($"transformers and PEFT are left out: {python} cannot be run ({exception.Message}). Name another with --python.");
            return null;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task WriteAsync(StreamWriter input, IReadOnlyList<Article[]> steps)
    {
        try
        {
            // Padding is 0 over there, so no article may hold it.
            await input.WriteAsync(JsonSerializer.Serialize(
                steps.Select(step => step.Select(article => new { ids = article.Ids.Select(id => Math.Max(id, 1)), label = article.Label }))));
            input.Close();
        }
        catch (IOException)
        {
            // It has ended; its own line says why.
        }
    }
}
