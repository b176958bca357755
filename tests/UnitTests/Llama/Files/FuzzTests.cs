using System.Text;
using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Llama.Tokenizer;
using Serverless.UnitTests.Llama.Tokenizer;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama.Files;

/// <summary>
/// 10,000 damaged copies of each file that a user provides: each is read or refused with an error that names the file, and none makes the
/// reader allocate more than 32 MiB.
/// </summary>
public sealed class FuzzTests : IDisposable
{
    private const int Files = 10_000;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Damaged_safetensors_files_are_refused_by_name()
    {
        var valid = File.ReadAllBytes(Repository.Fixture("adapters", "queries_and_values", PeftAdapter.WeightsFileName));
        var header = 8 + (int)BitConverter.ToUInt64(valid);

        var refused = Fuzz("model.safetensors", valid, header, path =>
        {
            using var scope = NewDisposeScope();
            using var file = SafetensorsFile.Open(path);
            foreach (var name in file.Entries.Keys)
            {
                _ = file.Read(name).sum(ScalarType.Float32);
            }
        });

        Assert.InRange(refused, Files / 2, Files);
    }

    [Fact]
    public void Damaged_config_files_are_refused_by_name() =>
        Fuzz("config.json", File.ReadAllBytes(Repository.Fixture("bases", "llama3_rope_tied", "config.json")), path => LlamaConfig.Read(path));

    [Fact]
    public void Damaged_adapter_configs_are_refused_by_name()
    {
        var adapter = Repository.Fixture("adapters", "all_linear_rslora");
        File.Copy(Path.Combine(adapter, PeftAdapter.WeightsFileName), Path.Combine(folder.Path, PeftAdapter.WeightsFileName));

        Fuzz(PeftAdapter.ConfigFileName, File.ReadAllBytes(Path.Combine(adapter, PeftAdapter.ConfigFileName)), path =>
        {
            using var read = PeftAdapter.Read(folder.Path);
        });
    }

    [Fact]
    public void Damaged_tokenizers_are_refused_by_name()
    {
        var number = 0;
        Fuzz("tokenizer.json", Encoding.UTF8.GetBytes(ToyTokenizer.Json), path =>
        {
            var tokenizer = LlamaTokenizer.Read(path);
            if (number++ % 100 == 0) // the first text compiles the expressions, which takes longer than everything else
            {
                tokenizer.Encode("the one 1234 naïve 😀 text", 16);
            }
        });
    }

    [Fact]
    public void Damaged_shard_indexes_are_refused_by_name()
    {
        var valid = Repository.Fixture("bases", "attention_bias");
        foreach (var file in Directory.EnumerateFiles(valid))
        {
            File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        }

        folder.File("tokenizer.json", "{}");
        Fuzz("model.safetensors.index.json", File.ReadAllBytes(Path.Combine(valid, "model.safetensors.index.json")), _ =>
        {
            using var weights = HuggingFaceFolder.Open(folder.Path).LoadWeights(ScalarType.BFloat16);
        });
    }

    private void Fuzz(string name, byte[] valid, Action<string> read)
    {
        var refused = Fuzz(name, valid, valid.Length, read);
        Assert.InRange(refused, Files / 10, Files);
    }

    /// <returns>How many were refused.</returns>
    private int Fuzz(string name, byte[] valid, int interesting, Action<string> read)
    {
        var path = Path.Combine(folder.Path, name);
        File.WriteAllBytes(path, valid);
        read(path);
        var refused = 0;
        for (var number = 0; number < Files; number++)
        {
            File.WriteAllBytes(path, Mutations.Mutate(valid, interesting, number));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(path);
            }
            catch (InvalidDataException exception)
            {
                Assert.Contains(folder.Path, exception.Message, StringComparison.Ordinal);
                refused++;
            }
            catch (Exception exception)
            {
                Assert.Fail($"Damaged {name} {number} ended in {exception.GetType().Name}: {exception.Message}");
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 << 20);
        }

        return refused;
    }
}
