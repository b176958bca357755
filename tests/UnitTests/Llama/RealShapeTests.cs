using System.Diagnostics;
using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Llama.Lora;
using Serverless.Llama.Tokenizer;
using Serverless.UnitTests.Llama.Tokenizer;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama;

/// <summary>A folder in the exact shape of Llama 3.2 1B Instruct, 2.5 GB of random bf16 weights with Llama 3's tokenizer.</summary>
public sealed class RealShapeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_folder_in_the_shape_of_Llama_3_2_1B_loads_and_classifies()
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("SERVERLESS_REAL_SHAPE") == "1", "Opt-in by size: set SERVERLESS_REAL_SHAPE=1 (5 GB of memory and disk).");
        ReferenceTokenizer.SkipIfNotInstalled();
        WriteFolder();

        var start = Stopwatch.GetTimestamp();
        var files = HuggingFaceFolder.Open(folder.Path);
        using var weights = files.LoadWeights(ScalarType.BFloat16);
        using var model = new LlamaForSequenceClassification(weights);
        model.AddLora(new LoraConfig(), numLabels: 4, seed: 42);
        var loaded = Stopwatch.GetElapsedTime(start);
        var tokenizer = LlamaTokenizer.Read(files.TokenizerPath);
        string[] texts = ["Oil prices rise as talks fail", "The striker signed for four more years after a summer of rumours"];
        var logits = Reference.Logits(model, [.. texts.Select(text => tokenizer.Encode(text, 128).Ids)]);

        Assert.Equal(146, weights.NamedTensors.Count());
        Assert.Equal(11_280_384, model.TrainableParameters.Sum(parameter => parameter.Value.numel()));
        Assert.Equal(225, model.TrainableParameters.Count);
        Assert.Equal([4, 4], logits.Select(row => row.Length));
        Assert.All(logits.SelectMany(row => row), logit => Assert.True(float.IsFinite(logit)));
        Assert.True(loaded < TimeSpan.FromSeconds(30), $"Mapping the weights took {loaded}.");
    }

    private void WriteFolder()
    {
        folder.File("config.json", Llama32Config.Json);
        File.Copy(ReferenceTokenizer.Llama3, Path.Combine(folder.Path, "tokenizer.json"));
        var config = LlamaConfig.Parse(Llama32Config.Json, "config.json");
        using var weights = LlamaWeights.Random(config, ScalarType.BFloat16, seed: 1);
        SafetensorsWriter.Write(Path.Combine(folder.Path, "model.safetensors"), weights.NamedTensors);
    }
}
