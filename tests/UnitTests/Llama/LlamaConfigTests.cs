using System.Text.Json.Nodes;
using Serverless.Llama;

namespace Serverless.UnitTests.Llama;

public sealed class LlamaConfigTests
{
    [Theory]
    [InlineData("model_type", "\"gemma2\"")]
    [InlineData("use_sliding_window", "true")]
    [InlineData("layer_types", """["full_attention","sliding_attention"]""")]
    [InlineData("hidden_act", "\"gelu\"")]
    [InlineData("rope_scaling", """{"rope_type": "yarn", "factor": 4.0}""")]
    [InlineData("rope_scaling", """{"type": "linear", "factor": 2.0}""")]
    [InlineData("rope_scaling", """{"rope_type": "llama3", "factor": 32.0}""")]
    [InlineData("quantization_config", """{"quant_method": "gptq"}""")]
    [InlineData("num_key_value_heads", "3")]
    [InlineData("head_dim", "7")]
    [InlineData("hidden_size", "-32")]
    [InlineData("vocab_size", "99999999999")]
    [InlineData("num_hidden_layers", "\"two\"")]
    [InlineData("partial_rotary_factor", "0.5")]
    public void A_setting_that_is_not_supported_is_refused_by_name(string key, string value)
    {
        var config = JsonNode.Parse(File.ReadAllText(Repository.Fixture("bases", "untied_unscaled", "config.json")))!;
        config[key] = JsonNode.Parse(value);

        var error = Assert.Throws<InvalidDataException>(() => LlamaConfig.Parse(config.ToJsonString(), "the/config.json"));

        Assert.StartsWith("the/config.json", error.Message, StringComparison.Ordinal);
        Assert.True(
            error.Message.Contains(key, StringComparison.Ordinal) || key == "rope_scaling" && error.Message.Contains("rope_type", StringComparison.Ordinal),
            error.Message);
    }

    [Theory]
    [InlineData(null, "{'rope_type':'default','rope_theta':5000}", null, 5000, null)]
    [InlineData("{'rope_type':'llama3','factor':8,'low_freq_factor':1,'high_freq_factor':4,'original_max_position_embeddings':64}", null, 7000, 7000, 8.0)]
    [InlineData("{'rope_type':'llama3','factor':8,'low_freq_factor':1,'high_freq_factor':4,'original_max_position_embeddings':64}", "{'rope_theta':5000}", 7000, 7000, 8.0)]
    [InlineData("{'rope_type':'llama3','factor':8,'low_freq_factor':1,'high_freq_factor':4,'original_max_position_embeddings':64}", "{'rope_theta':5000}", null, 10_000, 8.0)]
    [InlineData(
        "{'rope_theta':6000}", "{'rope_type':'llama3','factor':8,'low_freq_factor':1,'high_freq_factor':4,'original_max_position_embeddings':64}", 7000, 6000, null)]
    [InlineData("{}", "{'rope_theta':5000}", 7000, 5000, null)]
    [InlineData("null", "{'rope_theta':5000}", 7000, 5000, null)]
    public void Rope_scaling_takes_the_place_of_rope_parameters_as_in_transformers_5(
        string? scaling, string? parameters, int? topLevel, int theta, double? factor)
    {
        var config = JsonNode.Parse(File.ReadAllText(Repository.Fixture("bases", "untied_unscaled", "config.json")))!.AsObject();
        foreach (var (key, value) in new[] { ("rope_scaling", scaling), ("rope_parameters", parameters), ("rope_theta", $"{topLevel}") })
        {
            config.Remove(key);
            if (!string.IsNullOrEmpty(value))
            {
                config[key] = JsonNode.Parse(value.Replace('\'', '"'));
            }
        }

        var read = LlamaConfig.Parse(config.ToJsonString(), "config.json");

        Assert.Equal((theta, factor), (read.RopeTheta, read.RopeScaling?.Factor));
    }

    [Theory]
    [InlineData("rope_scaling", "{'rope_type':'yarn','factor':4}")]
    [InlineData("rope_scaling", "{'rope_type':'default','partial_rotary_factor':0.5}")]
    [InlineData("rope_parameters", "{'rope_theta':5000,'partial_rotary_factor':0.5}")]
    public void Rope_settings_that_are_not_supported_are_refused_by_name(string key, string value)
    {
        var config = JsonNode.Parse(File.ReadAllText(Repository.Fixture("bases", "untied_unscaled", "config.json")))!.AsObject();
        config.Remove("rope_scaling");
        config["rope_parameters"] = JsonNode.Parse("""{"rope_type":"default","rope_theta":5000}""");
        config[key] = JsonNode.Parse(value.Replace('\'', '"'));

        var error = Assert.Throws<InvalidDataException>(() => LlamaConfig.Parse(config.ToJsonString(), "the/config.json"));

        Assert.StartsWith($"the/config.json: {key}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Llama_3_2_1B_Instruct_is_read_as_published()
    {
        var config = LlamaConfig.Parse(Llama32Config.Json, "config.json");

        Assert.Equal((128_256, 2048, 8192, 16), (config.VocabSize, config.HiddenSize, config.IntermediateSize, config.NumHiddenLayers));
        Assert.Equal((32, 8, 64), (config.NumAttentionHeads, config.NumKeyValueHeads, config.HeadDim));
        Assert.Equal(new RopeScaling(32, 1, 4, 8192), config.RopeScaling);
        Assert.Equal(500_000, config.RopeTheta);
        Assert.True(config.TieWordEmbeddings);
    }
}
