using System.Text.Json.Nodes;
using Serverless.Llama;
using Serverless.Llama.Files;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama.Files;

public sealed class HuggingFaceFolderTests : IDisposable
{
    private const double Tolerance = 1e-4;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("untied_unscaled", "model.layers.1.mlp.up_proj.weight")]
    [InlineData("attention_bias", "model.layers.0.self_attn.o_proj.bias")]
    public void A_missing_tensor_is_named(string name, string tensor)
    {
        Copy(name);
        Remove(tensor);

        var error = Assert.Throws<InvalidDataException>(Load);

        Assert.Contains($"\"{tensor}\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_of_another_shape_is_named()
    {
        Copy("untied_unscaled");
        Change("config.json", config => config["intermediate_size"] = 47);

        var error = Assert.Throws<InvalidDataException>(Load);

        Assert.Contains("gate_proj", error.Message, StringComparison.Ordinal);
        Assert.Contains("[47, 32]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_and_tensors_that_a_classifier_does_not_need_are_ignored()
    {
        Copy("untied_unscaled"); // has an lm_head.weight
        folder.File("generation_config.json", "{not json");
        folder.File("special_tokens_map.json", "[]");
        folder.File("tokenizer_config.json", """{"chat_template": "{% raise %}"}""");
        folder.File("chat_template.jinja", "{{ bos_token }}");
        folder.File("original/params.json", "{}");

        var logits = Logits(out var expected);

        Reference.AssertClose(expected, logits, Tolerance);
    }

    [Fact]
    public void The_names_of_a_bare_decoder_are_read_too()
    {
        Copy("untied_unscaled");
        Rewrite(tensors => tensors.Where(entry => entry.Name != "lm_head.weight")
            .Select(entry => (entry.Name.StartsWith("model.", StringComparison.Ordinal) ? entry.Name["model.".Length..] : entry.Name, entry.Value)));

        var logits = Logits(out var expected);

        Reference.AssertClose(expected, logits, Tolerance);
    }

    [Fact]
    public void A_shard_that_is_missing_is_named()
    {
        Copy("attention_bias");
        File.Delete(Path.Combine(folder.Path, "model-00002-of-00003.safetensors"));

        var error = Assert.Throws<InvalidDataException>(Load);

        Assert.Contains("model-00002-of-00003.safetensors", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shard_outside_the_folder_is_refused()
    {
        Copy("attention_bias");
        Change("model.safetensors.index.json", index => index["weight_map"]!["model.norm.weight"] = "../secret.safetensors");

        var error = Assert.Throws<InvalidDataException>(Load);

        Assert.Contains("../secret.safetensors", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quantized_base_is_refused_by_the_name_of_the_setting()
    {
        Copy("untied_unscaled");
        Change("config.json", config => config["quantization_config"] = new JsonObject { ["quant_method"] = "bitsandbytes", ["load_in_4bit"] = true });

        var error = Assert.Throws<InvalidDataException>(Load);

        Assert.Contains("quantization_config", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_with_a_pickle_alone_is_refused()
    {
        Copy("untied_unscaled");
        File.Move(Path.Combine(folder.Path, "model.safetensors"), Path.Combine(folder.Path, "pytorch_model.bin"));

        var error = Assert.Throws<InvalidDataException>(Load);

        Assert.Contains("model.safetensors", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("tokenizer.json")]
    public void A_missing_file_is_named(string name)
    {
        Copy("untied_unscaled");
        File.Delete(Path.Combine(folder.Path, name));

        var error = Assert.Throws<InvalidDataException>(Load);

        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    private void Load()
    {
        using var weights = HuggingFaceFolder.Open(folder.Path).LoadWeights(ScalarType.Float32);
    }

    /// <summary>The logits of the folder's base, a copy of <c>untied_unscaled</c>, for the rows of its reference case.</summary>
    private float[][] Logits(out float[][] expected)
    {
        var reference = ReferenceCase.Read("bases", "untied_unscaled");
        expected = reference.Logits;
        using var weights = HuggingFaceFolder.Open(folder.Path).LoadWeights(ScalarType.Float32);
        using var model = new LlamaForSequenceClassification(weights);
        return Reference.Logits(model, reference.Rows);
    }

    private void Copy(string name)
    {
        foreach (var file in Directory.EnumerateFiles(Repository.Fixture("bases", name)))
        {
            File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        }

        folder.File("tokenizer.json", "{}");
    }

    private void Change(string name, Action<JsonNode> change)
    {
        var path = Path.Combine(folder.Path, name);
        var json = JsonNode.Parse(File.ReadAllText(path))!;
        change(json);
        File.WriteAllText(path, json.ToJsonString());
    }

    /// <summary>Removes a tensor from the index if there is one, otherwise from the file.</summary>
    private void Remove(string tensor)
    {
        if (File.Exists(Path.Combine(folder.Path, "model.safetensors.index.json")))
        {
            Change("model.safetensors.index.json", index => index["weight_map"]!.AsObject().Remove(tensor));
        }
        else
        {
            Rewrite(tensors => tensors.Where(entry => entry.Name != tensor));
        }
    }

    private void Rewrite(Func<IEnumerable<(string Name, Tensor Value)>, IEnumerable<(string Name, Tensor Value)>> change)
    {
        using var scope = NewDisposeScope();
        var path = Path.Combine(folder.Path, "model.safetensors");
        using var file = SafetensorsFile.Open(path);
        SafetensorsWriter.Write(path, [.. change(file.Entries.Keys.Select(name => (name, file.Read(name))))]);
    }
}
