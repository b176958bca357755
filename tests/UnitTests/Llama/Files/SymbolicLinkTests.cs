using System.Text.Json.Nodes;
using Serverless.Llama.Files;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama.Files;

/// <summary>Files behind symbolic links, as in a Hugging Face cache (<c>snapshots/…</c> to <c>blobs/…</c>) and in a mounted config map.</summary>
public sealed class SymbolicLinkTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_base_is_loaded_through_links()
    {
        ToyModel.WriteBase(Path.Combine(folder.Path, "blobs"));
        using var expected = HuggingFaceFolder.Open(Path.Combine(folder.Path, "blobs")).LoadWeights(ScalarType.BFloat16);

        using var weights = HuggingFaceFolder.Open(Link("blobs", "snapshot")).LoadWeights(ScalarType.BFloat16);

        Assert.All(expected.NamedTensors, tensor => Assert.True(tensor.Value.equal(weights[tensor.Name]).all().item<bool>(), tensor.Name));
    }

    [Fact]
    public void Shards_are_loaded_through_links_to_links()
    {
        ToyModel.WriteBase(Path.Combine(folder.Path, "blobs"));
        var index = new JsonObject();
        using (var file = SafetensorsFile.Open(Path.Combine(folder.Path, "blobs", "model.safetensors")))
        {
            foreach (var name in file.Entries.Keys)
            {
                index[name] = "model-00001-of-00001.safetensors";
            }
        }

        File.Move(Path.Combine(folder.Path, "blobs", "model.safetensors"), Path.Combine(folder.Path, "blobs", "model-00001-of-00001.safetensors"));
        folder.File("blobs/model.safetensors.index.json", new JsonObject { ["weight_map"] = index }.ToJsonString());
        Link("blobs", "first");

        using var weights = HuggingFaceFolder.Open(Link("first", "second")).LoadWeights(ScalarType.BFloat16);

        Assert.Equal(ToyModel.Config.VocabSize, weights["model.embed_tokens.weight"].shape[0]);
    }

    [Fact]
    public void An_adapter_is_read_through_links()
    {
        ToyModel.WriteAdapter(Path.Combine(folder.Path, "blobs"), 1, "a", "b");

        var linked = Link("blobs", "snapshot");
        using var adapter = PeftAdapter.Read(linked);

        Assert.Equal((2, 2), (adapter.NumLabels, ClassifierMetadata.Read(linked).Labels.Count));
    }

    [Fact]
    public void A_link_that_leads_nowhere_is_a_missing_file()
    {
        ToyModel.WriteBase(Path.Combine(folder.Path, "blobs"));
        var linked = Link("blobs", "snapshot");
        File.Delete(Path.Combine(folder.Path, "blobs", "model.safetensors"));

        var error = Assert.Throws<InvalidDataException>(() => HuggingFaceFolder.Open(linked).LoadWeights(ScalarType.BFloat16));

        Assert.Contains("model.safetensors", error.Message, StringComparison.Ordinal);
    }

    private string Link(string from, string to)
    {
        var target = Directory.CreateDirectory(Path.Combine(folder.Path, to)).FullName;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(folder.Path, from)))
        {
            File.CreateSymbolicLink(Path.Combine(target, Path.GetFileName(file)), Path.Combine("..", from, Path.GetFileName(file)));
        }

        return target;
    }
}
