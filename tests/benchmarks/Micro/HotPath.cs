using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Benchmarks.Serving;
using Serverless.Llama.Kernels;
using Serverless.Llama.Tokenizer;
using Serverless.Models;
using Serverless.Serving;
using TorchSharp;

namespace Serverless.Benchmarks.Micro;

/// <summary>Time and allocations of the code for one article around the forward pass.</summary>
[MemoryDiagnoser]
public class HotPath : IDisposable
{
    private const int Batch = 32;

    private static readonly Prediction Prediction = new("World", 1, new Dictionary<string, double>(), "v1", 1, false, 0, 0);

    private readonly string[] texts = Serving.Articles.Texts(Batch, seed: 1);
    private BaseModel? starter;
    private LoadedModel? model;
    private DataParallel? parallel;
    private LlamaTokenizer? llama3;
    private MicroBatcher? batcher;

    [GlobalSetup]
    public async Task OpenAsync()
    {
        TorchRuntime.Initialize();
        Peer.Install();
        var precision = new PrecisionSelector(PrecisionSetting.Auto, NullLogger.Instance);
        starter = await BaseModel.OpenAsync(Path.Combine(StarterModel.Folder, "base"), precision);
        var manifest = new ModelManifest(StarterModel.BaseModel, DateTimeOffset.UnixEpoch, new Dictionary<string, string>());
        model = starter.Load(new LocalVersion("news", StarterModel.Version, Path.Combine(StarterModel.Folder, "adapters", "news"), manifest));
        var merge = model.StartMerge(previous: null);
        while (merge.Step())
        {
        }

        parallel = new DataParallel(torch.get_num_threads());
        llama3 = LlamaTokenizer.Read(Peer.Tokenizer);
        batcher = new MicroBatcher(Batch, 4096);
    }

    /// <summary>Encodes one article with the Llama 3 tokenizer.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public int Tokenise() => texts.Sum(text => llama3!.Encode(text, 128).Ids.Length);

    /// <summary>Enqueues one article, takes it in a batch and completes its request.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public int WaitAndBatch()
    {
        foreach (var text in texts)
        {
            batcher!.Add(new InferenceRequest(null!, text, new TokenizedText([1], false), 128, 0, CancellationToken.None));
        }

        var batch = batcher!.Take();
        foreach (var request in batch)
        {
            request.Complete(Prediction);
        }

        return batch.Count;
    }

    /// <summary>Classifies one article with the starter model, in a batch.</summary>
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
}
