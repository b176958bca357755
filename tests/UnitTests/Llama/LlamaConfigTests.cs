using System.Text.Json.Nodes;
using Serverless.Llama;

namespace Serverless.UnitTests.Llama;

public sealed class LlamaConfigTests
{
    [Theory]
    [InlineData("model_type", "\"mistral\"")]
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
