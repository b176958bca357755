using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Serverless.Llama;
using Serverless.Trainer.Data;
using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>Everything that determines the result of a training: two trainings with the same fingerprint take the same steps.</summary>
/// <param name="Settings">The settings by their names in <c>training.json</c>, with values as JSON.</param>
/// <param name="Precision">The data type of the base model.</param>
/// <param name="Data">Hash of the tokenized training and held-out rows.</param>
/// <param name="Base">Hash of the base model's shape and norm weights, which every training of a base changes.</param>
internal sealed record TrainingFingerprint(SortedDictionary<string, string> Settings, string Precision, string Data, string Base)
{
    // Logging and checkpoint intervals do not affect the result.
    private static readonly string[] IgnoredSettings = ["logging_steps", "save_steps"];

    public static TrainingFingerprint Compute(TrainOptions options, Hardware hardware, EncodedDataSet data, LlamaWeights weights)
    {
        var settings = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(options.ToJson())!
            .Where(setting => !IgnoredSettings.Contains(setting.Key))
            .ToDictionary(setting => setting.Key, setting => setting.Value.GetRawText());
        return new TrainingFingerprint(
            new SortedDictionary<string, string>(settings, StringComparer.Ordinal), hardware.Precision, ComputeHash(data), ComputeHash(weights));
    }

    /// <summary>Describes each difference in words.</summary>
    public IReadOnlyList<string> DifferencesFrom(TrainingFingerprint other) =>
    [
        .. Settings.Keys.Union(other.Settings.Keys)
            .Select(name => (Name: name, Now: Settings.GetValueOrDefault(name, "unset"), Then: other.Settings.GetValueOrDefault(name, "unset")))
            .Where(setting => setting.Now != setting.Then)
            .Select(setting => $"{setting.Name} was {setting.Then} and is {setting.Now}")
            .Concat(Precision == other.Precision ? [] : [$"it computed in {other.Precision}, this one in {Precision}"])
            .Concat(Data == other.Data ? [] : ["its rows were different"])
            .Concat(Base == other.Base ? [] : ["its base model was different"])
    ];

    private static string ComputeHash(EncodedDataSet data)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(data.Labels));
        foreach (var article in data.Train.Concat(data.HeldOut))
        {
            hash.AppendData(MemoryMarshal.AsBytes<int>([article.Ids.Length, article.Label, .. article.Ids]));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string ComputeHash(LlamaWeights weights)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(weights.Config));
        var norms = weights.NamedTensors.Where(entry => entry.Name.EndsWith("norm.weight", StringComparison.Ordinal));
        foreach (var (_, norm) in norms.OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            using var scope = NewDisposeScope();
            hash.AppendData(norm.to(float32).cpu().bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
