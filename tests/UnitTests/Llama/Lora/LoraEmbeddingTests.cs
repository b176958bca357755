using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Llama.Lora;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama.Lora;

public sealed class LoraEmbeddingTests
{
    private static readonly LlamaConfig Toy = new()
    {
        VocabSize = 40,
        HiddenSize = 16,
        IntermediateSize = 24,
        NumHiddenLayers = 2,
        NumAttentionHeads = 4,
        NumKeyValueHeads = 2,
        HeadDim = 4,
    };

    private static readonly LoraConfig Config = new() { Rank = 4, Alpha = 8, Dropout = 0, TargetModules = [.. LoraConfig.AllLinear, "embed_tokens"] };

    [Fact]
    public void The_row_of_a_token_is_the_base_row_plus_its_part_of_the_scaled_product()
    {
        using var scope = NewDisposeScope();
        var (table, a, b) = (randn(10, 6), randn(3, 10), randn(6, 3));
        using var embedding = new LoraEmbedding(table);
        embedding.SetLora(a, b, new LoraConfig { Rank = 3, Alpha = 6 });
        var ids = tensor(new[] { 7, 0, 7 }, int32);

        var rows = embedding.Forward(ids);

        Assert.True(allclose((table + b.matmul(a).t() * 2).index_select(0, ids), rows, 1e-5, 1e-6));
    }

    [Fact]
    public void A_new_update_changes_no_logit()
    {
        using var scope = NewDisposeScope();
        using var weights = LlamaWeights.Random(Toy, float32, seed: 1);
        using var with = new LlamaForSequenceClassification(weights);
        using var without = new LlamaForSequenceClassification(weights);
        with.AddLora(Config, numLabels: 3, seed: 2);
        without.AddLora(Config with { TargetModules = [] }, numLabels: 3, seed: 2);
        using var batch = PackedBatch.Create([[1, 2, 3]], CPU);
        var head = without.TrainableParameters.Single(parameter => parameter.Name == "score.weight").Value;

        using (no_grad())
        {
            head.copy_(with.TrainableParameters.Single(parameter => parameter.Name == "score.weight").Value);
        }

        Assert.True(allclose(without.Forward(batch), with.Forward(batch), 1e-5, 1e-6));
    }

    [Fact]
    public void A_trained_update_has_PEFTs_names_and_the_same_logits_when_read_back()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var weights = LlamaWeights.Random(Toy, float32, seed: 1);
        using var trained = new LlamaForSequenceClassification(weights);
        trained.AddLora(Config, numLabels: 3, seed: 2);
        using (no_grad())
        {
            foreach (var (_, value) in trained.TrainableParameters)
            {
                value.add_(randn_like(value) * 0.1);
            }
        }

        PeftAdapter.Write(folder.Path, trained, Config, "toy");
        using var adapter = PeftAdapter.Read(folder.Path);
        using var read = new LlamaForSequenceClassification(weights);
        adapter.ApplyTo(read);

        using var batch = PackedBatch.Create([[1, 2, 3], [5, 4]], CPU);
        Assert.Contains("model.embed_tokens.lora_embedding_A", adapter.Tensors.Keys);
        Assert.Contains("model.embed_tokens.lora_embedding_B", adapter.Tensors.Keys);
        Assert.Equal([4, 40], adapter.Tensors["model.embed_tokens.lora_embedding_A"].shape);
        Assert.True(allclose(trained.Forward(batch), read.Forward(batch), 1e-5, 1e-6));
    }
}
