using System.Text.Json.Nodes;
using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Llama.Lora;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama.Files;

public sealed class PeftAdapterTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("peft_type", "\"IA3\"")]
    [InlineData("peft_type", "null")]
    [InlineData("task_type", "\"CAUSAL_LM\"")]
    [InlineData("task_type", "\"TOKEN_CLS\"")]
    [InlineData("use_dora", "true")]
    [InlineData("use_qalora", "true")]
    [InlineData("lora_bias", "true")]
    [InlineData("fan_in_fan_out", "true")]
    [InlineData("bias", "\"some\"")]
    [InlineData("rank_pattern", """{"q_proj": 8}""")]
    [InlineData("alpha_pattern", """{"q_proj": 8}""")]
    [InlineData("layers_to_transform", "[0]")]
    [InlineData("layer_replication", "[[0, 1]]")]
    [InlineData("exclude_modules", """["o_proj"]""")]
    [InlineData("target_parameters", """["mlp.experts"]""")]
    [InlineData("trainable_token_indices", "[1, 2]")]
    [InlineData("modules_to_save", """["score", "embed_tokens"]""")]
    [InlineData("init_lora_weights", "\"pissa\"")]
    [InlineData("loftq_config", """{"loftq_bits": 4}""")]
    [InlineData("target_modules", "\".*proj\"")]
    [InlineData("target_modules", "null")]
    [InlineData("r", "0")]
    [InlineData("a_setting_of_a_later_version", "true")]
    public void A_setting_that_is_not_supported_is_refused_by_name(string key, string value)
    {
        Copy("all_linear", config => config[key] = JsonNode.Parse(value));

        var error = Assert.Throws<InvalidDataException>(() => PeftAdapter.Read(folder.Path));

        Assert.Contains($"\"{key}\"", error.Message, StringComparison.Ordinal);
        Assert.Contains(PeftAdapter.ConfigFileName, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_linear_in_one_word_means_the_seven_projections()
    {
        Copy("all_linear", config => config["target_modules"] = "all-linear");

        using var adapter = PeftAdapter.Read(folder.Path);

        Assert.Equal(LoraConfig.AllLinear, adapter.Config.TargetModules);
    }

    [Theory]
    [InlineData("base_model.model.model.layers.1.mlp.up_proj.lora_B.weight")]
    [InlineData("base_model.model.score.weight")]
    public void A_missing_tensor_is_named(string name)
    {
        Copy("all_linear", _ => { });
        Rewrite(tensors => tensors.Remove(name));

        var error = Assert.Throws<InvalidDataException>(Load);

        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_that_fits_nothing_is_named()
    {
        Copy("all_linear", _ => { });
        Rewrite(tensors => tensors.Add("base_model.model.model.layers.2.mlp.up_proj.lora_B.weight", zeros(48, 4)));

        var error = Assert.Throws<InvalidDataException>(Load);

        Assert.Contains("layers.2.mlp.up_proj.lora_B", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_of_another_shape_is_named()
    {
        Copy("all_linear", config => config["r"] = 8);

        var error = Assert.Throws<InvalidDataException>(Load);

        Assert.Contains("lora_A", error.Message, StringComparison.Ordinal);
        Assert.Contains("[8, 32]", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("base_model.model.score.modules_to_save.weight")]
    [InlineData("base_model.model.score.modules_to_save.default.weight")]
    public void The_head_may_have_either_of_the_names_that_versions_of_PEFT_gave_it(string name)
    {
        Copy("all_linear", _ => { });
        Rewrite(tensors =>
        {
            tensors.Add(name, tensors["base_model.model.score.weight"]);
            tensors.Remove("base_model.model.score.weight");
        });
        var expected = ReferenceCase.Read("adapters", "all_linear");
        using var weights = Reference.Weights(expected.Base!, ScalarType.Float32);
        using var model = new LlamaForSequenceClassification(weights);
        using var adapter = PeftAdapter.Read(folder.Path);

        adapter.ApplyTo(model);

        Reference.AssertClose(expected.Logits, Reference.Logits(model, expected.Rows), tolerance: 1e-4);
    }

    [Fact]
    public void A_folder_with_a_pickle_alone_is_refused()
    {
        Copy("all_linear", _ => { });
        File.Move(Path.Combine(folder.Path, PeftAdapter.WeightsFileName), Path.Combine(folder.Path, "adapter_model.bin"));

        var error = Assert.Throws<InvalidDataException>(() => PeftAdapter.Read(folder.Path));

        Assert.Contains(PeftAdapter.WeightsFileName, error.Message, StringComparison.Ordinal);
    }

    private void Copy(string adapter, Action<JsonObject> change)
    {
        var config = JsonNode.Parse(File.ReadAllText(Repository.Fixture("adapters", adapter, PeftAdapter.ConfigFileName)))!.AsObject();
        change(config);
        folder.File(PeftAdapter.ConfigFileName, config.ToJsonString());
        File.Copy(Repository.Fixture("adapters", adapter, PeftAdapter.WeightsFileName), Path.Combine(folder.Path, PeftAdapter.WeightsFileName));
    }

    private void Rewrite(Action<Dictionary<string, Tensor>> change)
    {
        using var scope = NewDisposeScope();
        var path = Path.Combine(folder.Path, PeftAdapter.WeightsFileName);
        using var file = SafetensorsFile.Open(path);
        var tensors = file.Entries.Keys.ToDictionary(name => name, file.Read);
        change(tensors);
        SafetensorsWriter.Write(path, tensors.Select(entry => (entry.Key, entry.Value)));
    }

    private void Load()
    {
        using var weights = Reference.Weights("llama3_rope_tied", ScalarType.Float32);
        using var model = new LlamaForSequenceClassification(weights);
        using var adapter = PeftAdapter.Read(folder.Path);
        adapter.ApplyTo(model);
    }
}
