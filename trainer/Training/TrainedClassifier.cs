using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Llama.Tokenizer;
using Serverless.Trainer.Evaluation;

namespace Serverless.Trainer.Training;

/// <summary>A base model with an unmerged adapter, for evaluation.</summary>
internal sealed class TrainedClassifier : IDisposable
{
    private const int BatchSize = 64;

    private readonly LlamaWeights weights;
    private readonly LlamaForSequenceClassification model;
    private readonly LlamaTokenizer tokenizer;
    private readonly ClassifierMetadata metadata;
    private readonly Evaluator evaluator;

    private TrainedClassifier(Hardware hardware, LlamaWeights weights, LlamaTokenizer tokenizer, ClassifierMetadata metadata, TextWriter log)
    {
        this.weights = weights;
        this.tokenizer = tokenizer;
        this.metadata = metadata;
        model = new LlamaForSequenceClassification(weights, hardware.Type);
        evaluator = new Evaluator(model, hardware.Device, BatchSize, log);
    }

    public IReadOnlyList<string> Labels => metadata.Labels;

    public double Temperature => metadata.Temperature;

    /// <exception cref="UserException">A file is missing or damaged, or the adapter does not fit the base model.</exception>
    public static TrainedClassifier Open(string baseFolder, string adapterFolder, string precision, TextWriter log) =>
        ModelFolders.Read(() => Load(baseFolder, adapterFolder, Hardware.Choose(precision), log));

    /// <returns>One logit per label for each text.</returns>
    public float[][] Logits(IEnumerable<string> texts, CancellationToken cancellationToken) =>
        evaluator.Logits([.. texts.Select(text => tokenizer.Encode(text, metadata.MaxTokens).Ids)], cancellationToken);

    public void Dispose()
    {
        model.Dispose();
        weights.Dispose();
    }

    private static TrainedClassifier Load(string baseFolder, string adapterFolder, Hardware hardware, TextWriter log)
    {
        var folder = HuggingFaceFolder.Open(baseFolder);
        var metadata = ClassifierMetadata.Read(adapterFolder);
        using var adapter = PeftAdapter.Read(adapterFolder);
        if (adapter.NumLabels != metadata.Labels.Count)
        {
            throw new InvalidDataException($"{adapterFolder} has {metadata.Labels.Count} labels and a head for {adapter.NumLabels}.");
        }

        var tokenizer = folder.ReadTokenizer();
        var classifier = new TrainedClassifier(hardware, folder.LoadWeights(hardware.Type, hardware.Device), tokenizer, metadata, log);
        try
        {
            adapter.ApplyTo(classifier.model);
            return classifier;
        }
        catch
        {
            classifier.Dispose();
            throw;
        }
    }
}
