using Serverless.Benchmarks.Report;

namespace Serverless.Benchmarks.Serving;

/// <summary>llama.cpp, through the npm package node-llama-cpp.</summary>
internal static class Peer
{
    public static string Tokenizer => Path.Combine(Repository.PeerFolder, "node_modules", "@lenml", "tokenizer-llama3", "models", "tokenizer.json");
}
