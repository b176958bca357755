using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Llama.Lora;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama.Files;

/// <summary>Adapters that this project writes have PEFT's names, and PEFT loads them.</summary>
public sealed class WrittenAdapterTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <summary>A fixture base, the target modules, and whether rsLoRA is used.</summary>
    public static TheoryData<string, string, bool> Kinds => new()
    {
        { "llama3_rope_tied", "all-linear", false },
        { "untied_unscaled", "all-linear", true },
        { "explicit_head_dim", "q_proj,v_proj", false },
        { "attention_bias", "gate_proj,up_proj,down_proj", true },
    };

    public void Dispose() => folder.Dispose();

    [Fact]
    public void An_adapter_written_here_has_the_names_shapes_and_settings_of_one_that_PEFT_wrote()
    {
        var config = new LoraConfig { Rank = 4, Alpha = 8, Dropout = 0 };
        using var weights = Reference.Weights("llama3_rope_tied", ScalarType.Float32);
        using var model = new LlamaForSequenceClassification(weights);
        model.AddLora(config, numLabels: 4, seed: 1);

        PeftAdapter.Write(folder.Path, model, config, "owner/base");

        Assert.Equal(Header(Repository.Fixture("adapters", "all_linear")), Header(folder.Path));
        var settings = Settings(folder.Path);
        var peft = Settings(Repository.Fixture("adapters", "all_linear"));
        Assert.Empty(settings.Select(setting => setting.Key).Except(peft.Select(setting => setting.Key)));
        Assert.All(
            settings.Where(setting => setting.Key is not ("target_modules" or "base_model_name_or_path")),
            setting => Assert.True(JsonNode.DeepEquals(setting.Value, peft[setting.Key]), $"{setting.Key} is {setting.Value}, PEFT wrote {peft[setting.Key]}"));
        Assert.Equal(LoraConfig.AllLinear, settings["target_modules"].Deserialize<string[]>());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void An_adapter_written_here_is_read_here_with_the_same_logits(string baseName, string targets, bool useRslora)
    {
        var (rows, logits) = Write(baseName, targets, useRslora);
        using var weights = Reference.Weights(baseName, ScalarType.Float32);
        using var model = new LlamaForSequenceClassification(weights);
        using var adapter = PeftAdapter.Read(folder.Path);
        adapter.ApplyTo(model);

        Reference.AssertClose(logits, Reference.Logits(model, rows), tolerance: 0);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task An_adapter_written_here_loads_in_PEFT_with_the_same_logits(string baseName, string targets, bool useRslora)
    {
        var python = Environment.GetEnvironmentVariable("SERVERLESS_REFERENCE_PYTHON");
        Assert.SkipWhen(python is null, "Opt-in: name a python with torch, and transformers and PEFT if possible, in SERVERLESS_REFERENCE_PYTHON.");
        var (rows, logits) = Write(baseName, targets, useRslora);
        var longest = rows.Max(row => row.Length);
        folder.File("case.json", JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["base"] = baseName,
            ["input_ids"] = rows.Select(row => row.Concat(Enumerable.Repeat(95, longest - row.Length))),
            ["logits"] = logits,
        }));

        var script = Path.Combine(Repository.Root, "tests", "reference", "check_written.py");
        using var check = Process.Start(new ProcessStartInfo(python, [script, folder.Path]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var output = await check.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)
            + await check.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await check.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(check.ExitCode == 0, output);
        TestContext.Current.TestOutputHelper?.WriteLine(output);
    }

    /// <summary>Writes an adapter with random values in every tensor, and returns the logits of its model.</summary>
    private (IReadOnlyList<int[]> Rows, float[][] Logits) Write(string baseName, string targets, bool useRslora)
    {
        var config = new LoraConfig
        {
            Rank = 3,
            Alpha = 6,
            UseRslora = useRslora,
            TargetModules = targets == "all-linear" ? LoraConfig.AllLinear : targets.Split(','),
        };
        using var weights = Reference.Weights(baseName, ScalarType.Float32);
        using var model = new LlamaForSequenceClassification(weights);
        model.AddLora(config, numLabels: 4, seed: 5);
        using (no_grad())
        using (var generator = new Generator(11))
        {
            foreach (var (_, value) in model.TrainableParameters)
            {
                using var filling = randn(value.shape, generator: generator);
                value.copy_(filling).mul_(0.2);
            }
        }

        PeftAdapter.Write(folder.Path, model, config, "owner/base");
        var rows = ReferenceCase.Read("bases", baseName).Rows;
        return (rows, Reference.Logits(model, rows));
    }

    private static IEnumerable<string> Header(string folder)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, PeftAdapter.WeightsFileName));
        return [.. file.Entries.Select(entry => $"{entry.Key} {entry.Value.Type} [{string.Join(", ", entry.Value.Shape)}]").Order()];
    }

    private static JsonObject Settings(string folder) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(folder, PeftAdapter.ConfigFileName)))!.AsObject();
}
