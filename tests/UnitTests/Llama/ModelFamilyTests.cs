using System.Text.Json.Nodes;
using Serverless.Llama;

namespace Serverless.UnitTests.Llama;

/// <summary>What an architecture fixes, what its <c>config.json</c> decides, and what it is for a file that says nothing.</summary>
public sealed class ModelFamilyTests
{
    [Theory]
    [InlineData("gemma3_text")]
    [InlineData("phi3")]
    [InlineData("gpt2")]
    [InlineData("mixtral")]
    [InlineData("qwen3_moe")]
    [InlineData("smollm3")]
    public void Another_architecture_is_refused_with_those_that_are_supported(string type)
    {
        var error = Assert.Throws<InvalidDataException>(() => Read("llama", ("model_type", $"\"{type}\"")));

        Assert.Equal(
            $"config.json: \"model_type\" \"{type}\" is not supported; " +
            "supported are llama (also SmolLM2 and TinyLlama), mistral, qwen2 (also Qwen2.5) and qwen3, without experts.",
            error.Message);
    }

    [Theory]
    [InlineData("llama", false, false, false, 8)]
    [InlineData("smollm2", false, false, false, 12)]
    [InlineData("mistral", false, false, false, 16)]
    [InlineData("qwen2", true, false, false, 8)]
    [InlineData("qwen3", false, false, true, 16)]
    public void Biases_and_norms_are_those_of_the_architecture(string family, bool bias, bool outputBias, bool norm, int headDim)
    {
        var config = ToyFamily.Config(family);

        Assert.Equal((bias, outputBias, norm, headDim), (config.QueryKeyValueBias, config.AttentionOutputBias, config.QueryKeyNorm, config.HeadDim));
    }

    [Theory]
    [InlineData("llama", true, true)]
    [InlineData("qwen3", true, true)]
    [InlineData("qwen2", true, false)] // its biases are fixed, and the key is not one of its own
    [InlineData("mistral", false, false)]
    public void The_key_attention_bias_counts_where_the_library_reads_it(string family, bool queryKeyValueBias, bool outputBias)
    {
        var config = Read(family, ("attention_bias", "true"));

        Assert.Equal((queryKeyValueBias, outputBias), (config.QueryKeyValueBias, config.AttentionOutputBias));
    }

    [Theory]
    [InlineData("llama", null, 64)]
    [InlineData("mistral", null, 8)]
    [InlineData("qwen2", null, 32)]
    [InlineData("qwen3", null, 32)]
    [InlineData("qwen3", "null", 64)]
    [InlineData("mistral", "null", 64)]
    [InlineData("qwen2", "2", 2)]
    public void A_missing_num_key_value_heads_is_the_default_of_the_library(string family, string? value, int expected) => Assert.Equal(
        expected, Read(family, ("num_attention_heads", "64"), ("hidden_size", "1024"), ("num_key_value_heads", value)).NumKeyValueHeads);

    [Theory]
    [InlineData("llama", 8)]
    [InlineData("mistral", 8)]
    [InlineData("qwen2", 8)]
    [InlineData("qwen3", 128)]
    public void A_missing_head_dim_is_the_default_of_the_library(string family, int expected) =>
        Assert.Equal(expected, Read(family, ("head_dim", null)).HeadDim);

    [Fact]
    public void A_missing_tie_word_embeddings_is_false() =>
        Assert.All(ToyFamily.Names, family => Assert.False(Read(family, ("tie_word_embeddings", null)).TieWordEmbeddings));

    [Theory]
    [InlineData("mistral", "null", 8192)]
    [InlineData("mistral", "4096", 4096)]
    [InlineData("mistral", "32768", 8192)]
    [InlineData("mistral", null, 4096)] // the default of the library
    [InlineData("qwen2", "4096", 8192)] // not used: use_sliding_window is false
    public void A_sliding_window_limits_the_tokens_of_a_text(string family, string? window, int expected) =>
        Assert.Equal(expected, Read(family, ("max_position_embeddings", "8192"), ("sliding_window", window)).MaxPositionEmbeddings);

    [Fact]
    public void The_settings_of_transformers_5_are_read()
    {
        var config = ToyFamily.Config("qwen3");

        Assert.Equal(1_000_000, config.RopeTheta);
        Assert.Null(config.RopeScaling);
    }

    /// <param name="settings">JSON of each key; null removes it.</param>
    private static LlamaConfig Read(string family, params (string Key, string? Json)[] settings)
    {
        var config = JsonNode.Parse(ToyFamily.ConfigJson(family))!.AsObject();
        foreach (var (key, json) in settings)
        {
            config.Remove(key);
            if (json is not null)
            {
                config[key] = JsonNode.Parse(json);
            }
        }

        return LlamaConfig.Parse(config.ToJsonString(), "config.json");
    }
}
