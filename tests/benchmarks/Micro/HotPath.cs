using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Benchmarks.Serving;
using Serverless.Llama.Kernels;
using Serverless.Llama.Tokenizer;
using Serverless.Models;
using Serverless.Serving;
using TorchSharp;

namespace Serverless.Benchmarks.Micro;

/// <summary>What our own code does for one article besides the forward pass, and what it allocates.</summary>
[MemoryDiagnoser]
public class HotPath : IDisposable
{
    private const int Batch = 32;

    private readonly string[] texts = Serving.Articles.Texts(Batch, seed: 1);
    private BaseModel? starter;
    private LoadedModel? model;
    private DataParallel? parallel;
    private LlamaTokenizer? llama3;
    private MicroBatcher? batches;

    [GlobalSetup]
    public async Task OpenAsync()
    {
        TorchRuntime.Initialize();
        Peer.Install();
        starter = await BaseModel.OpenAsync(Path.Combine(StarterModel.Folder, "base"), new PrecisionSelector(PrecisionSetting.Auto, NullLogger.Instance));
        model = starter.Load(new LocalVersion(
            "news", StarterModel.Version, Path.Combine(StarterModel.Folder, "adapters", "news"), new ModelManifest(StarterModel.BaseModel, DateTimeOffset.UnixEpoch, new Dictionary<string, string>())));
        var merge = model.StartMerge(previous: null);
        while (merge.Step())
        {
        }

        parallel = new DataParallel(torch.get_num_threads());
        llama3 = LlamaTokenizer.Read(Peer.Tokenizer);
        batches = new MicroBatcher(Batch, 4096);
    }

    /// <summary>One article into tokens of Llama 3.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public int Tokenise() => texts.Sum(text => llama3!.Encode(text, 128).Ids.Length);

    /// <summary>One article into the waiting line and out of it in a batch, with its answer delivered.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public int WaitAndBatch()
    {
        foreach (var text in texts)
        {
            batches!.Add(new InferenceRequest(null!, text, new TokenizedText([1], false), 128, 0, CancellationToken.None));
        }

        var batch = batches!.Take();
        foreach (var text in batch)
        {
            text.Complete(Answer);
        }

        return batch.Count;
    }

    /// <summary>One article through the starter model, in a batch.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public int ClassifyWithTheStarter() => parallel!.Run([.. texts.Select(text => model!.Encode(text).Ids)], model!.Probabilities).Length;

    [GlobalCleanup]
    public void Dispose()
    {
        parallel?.Dispose();
        model?.Dispose();
        starter?.Dispose();
        GC.SuppressFinalize(this);
    }

    private static readonly Prediction Answer = new("World", 1, new Dictionary<string, double>(), "v1", 1, false, 0, 0);
}
