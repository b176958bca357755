using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Llama.Tokenizer;
using Serverless.Models;

namespace Serverless.Serving;

/// <summary>The base model of all classifiers of the process: its weights, mapped once, and its tokenizer.</summary>
internal sealed class BaseModel : IDisposable
{
    private readonly LlamaWeights weights;
    private readonly LlamaTokenizer tokenizer;
    private readonly PrecisionSelector precision;

    private BaseModel(LlamaWeights weights, LlamaTokenizer tokenizer, PrecisionSelector precision)
    {
        this.weights = weights;
        this.tokenizer = tokenizer;
        this.precision = precision;
    }

    /// <summary>Reads the tokenizer and the weights at the same time.</summary>
    /// <param name="folder">A local Hugging Face folder.</param>
    /// <param name="precision">What to compute in.</param>
    /// <exception cref="InvalidDataException">A file is missing or not understood.</exception>
    public static async Task<BaseModel> OpenAsync(string folder, PrecisionSelector precision)
    {
        var files = HuggingFaceFolder.Open(folder);
        var tokenizer = Task.Run(files.ReadTokenizer);
        var weights = files.LoadWeights(precision.ComputeType);
        try
        {
            weights.Populate();
            return new BaseModel(weights, await tokenizer, precision);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Loads a version, whose adapter is applied beside the base.</summary>
    /// <exception cref="InvalidDataException">Its files do not fit this base or each other.</exception>
    public LoadedModel Load(LocalVersion version)
    {
        var metadata = ClassifierMetadata.Read(version.Folder);
        using var adapter = PeftAdapter.Read(version.Folder);
        if (adapter.NumLabels != metadata.Labels.Count)
        {
            throw new InvalidDataException(
                $"Version '{version.Version}' of '{version.Classifier}' has {metadata.Labels.Count} labels and a head for {adapter.NumLabels}: " +
                $"'labels' in {ClassifierMetadata.FileName} needs a name for each row of the head, in its order.");
        }

        if (metadata.MaxTokens > weights.Config.MaxPositionEmbeddings)
        {
            throw new InvalidDataException(
                $"Version '{version.Version}' of '{version.Classifier}' reads {metadata.MaxTokens} tokens ('maxTokens' in {ClassifierMetadata.FileName}), " +
                $"but the base reads {weights.Config.MaxPositionEmbeddings} (\"max_position_embeddings\" in config.json).");
        }

        var network = new LlamaForSequenceClassification(weights);
        try
        {
            adapter.ApplyTo(network);
            return new LoadedModel(version.Version, metadata, tokenizer, network, precision);
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    public void Dispose() => weights.Dispose();
}
