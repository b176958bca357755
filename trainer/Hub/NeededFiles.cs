using Serverless.Training;

namespace Serverless.Trainer.Hub;

/// <summary>Selects the files of a repository that the trainer uses. Hub repositories also hold gigabytes of pickles and copies.</summary>
internal static class NeededFiles
{
    /// <summary>What a base model needs beside its weights.</summary>
    public static readonly string[] Required = ["config.json", "tokenizer.json"];

    private const string Index = "model.safetensors.index.json";

    // By preference: a repository often has the same rows in several formats.
    private static readonly DatasetFileType[] DataFileTypes = [DatasetFileType.Parquet, DatasetFileType.JsonLines, DatasetFileType.Csv];

    /// <param name="folder">Only files below this folder of the repository; null for all.</param>
    /// <exception cref="HubException">The repository holds no files that the trainer can use.</exception>
    public static IReadOnlyList<HubFile> Select(HubRepository repository, IReadOnlyList<HubFile> files, string? folder = null)
    {
        foreach (var file in files.Where(IsOutside))
        {
            throw new HubException($"{repository.Name} lists the file '{file.Path}', which is outside the repository; nothing was downloaded.");
        }

        var prefix = folder is null ? "" : $"{folder.Trim('/')}/";
        var within = files.Where(file => file.Path.StartsWith(prefix, StringComparison.Ordinal)).ToArray();
        return repository.IsDataSet ? SelectDataSetFiles(repository, within) : SelectModelFiles(repository, within, prefix);
    }

    private static HubFile[] SelectModelFiles(HubRepository repository, HubFile[] files, string prefix)
    {
        var root = files.Where(file => !file.Path[prefix.Length..].Contains('/', StringComparison.Ordinal)).ToArray();
        var weights = root.Where(file => file.Path.EndsWith(".safetensors", StringComparison.Ordinal)).ToArray();
        // Mistral's repositories hold the weights twice: model-00001-of-00003.safetensors … for transformers and consolidated.safetensors.
        var forTransformers = weights.Where(file => file.Path[prefix.Length..].StartsWith("model", StringComparison.Ordinal)).ToArray();
        HubFile[] needed =
        [
            .. root.Where(file => Required.Contains(file.Path[prefix.Length..])), // first, so that they are checked before the weights come
            .. root.Where(file => file.Path[prefix.Length..] == Index),
            .. forTransformers.Length > 0 ? forTransformers : weights,
        ];
        string[] missing = [.. Required.Where(name => needed.All(file => file.Path != prefix + name))];
        if (!needed.Any(file => file.Path.EndsWith(".safetensors", StringComparison.Ordinal)))
        {
            missing = [.. missing, "*.safetensors (pickles are never read)"];
        }

        return missing.Length == 0 ? needed : throw new HubException($"{repository.Name} cannot be a base model: it has no {string.Join(", no ", missing)}.");
    }

    private static HubFile[] SelectDataSetFiles(HubRepository repository, HubFile[] files) =>
        DataFileTypes.Select(type => files.Where(file => DatasetFormat.GetFileType(file.Path) == type).ToArray()).FirstOrDefault(found => found.Length > 0)
            ?? throw new HubException(
                $"{repository.Name} holds no .parquet, .jsonl or .csv file{(files.Length == 0 ? " there" : "")}. " +
                "The Hub converts most data sets: try --revision refs/convert/parquet.");

    private static bool IsOutside(HubFile file) =>
        Path.IsPathRooted(file.Path) || file.Path.Contains('\\', StringComparison.Ordinal) || file.Path.Split('/').Any(segment => segment is ".." or "." or "");
}
