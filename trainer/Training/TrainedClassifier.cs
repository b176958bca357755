
using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Llama.Tokenizer;
using Serverless.Trainer.Evaluation;

namespace Serverless.Trainer.Training;

/// <summary>A base model with an adapter beside it, to measure it or to ask it.</summary>
internal sealed class TrainedClassifier : IDisposable
{
    private const int BatchSize = 64;

    private readonly Hardware hardware;
    private readonly LlamaWeights weights;
    private readonly LlamaForSequenceClassification model;
    private readonly LlamaTokenizer tokenizer;
    private readonly ClassifierMetadata labels;

    private TrainedClassifier(Hardware hardware, LlamaWeights weights, LlamaTokenizer tokenizer, ClassifierMetadata labels)
    {
        (this.hardware, this.weights, this.tokenizer, this.labels) = (hardware, weights, tokenizer, labels);
        model = new LlamaForSequenceClassification(weights, hardware.Type);
    }

    public IReadOnlyList<string> Labels => labels.Labels;

    public double Temperature => labels.Temperature;

    /// <exception cref="InvalidDataException">A file is missing, or base and adapter do not fit each other.</exception>
    public static TrainedClassifier Open(string baseFolder, string adapterFolder, string precision)
    {
        var hardware = Hardware.Choose(precision);
        var folder = HuggingFaceFolder.Open(baseFolder);
        var labels = ClassifierMetadata.Read(adapterFolder);
        using var adapter = PeftAdapter.Read(adapterFolder);
        if (adapter.NumLabels != labels.Labels.Count)
        {
            throw new InvalidDataException($"{adapterFolder} has {labels.Labels.Count} labels and a head for {adapter.NumLabels}.");
        }

        var tokenizer = LlamaTokenizer.Read(folder.TokenizerPath);
        var classifier = new TrainedClassifier(hardware, folder.LoadWeights(hardware.Type, hardware.Device), tokenizer, labels);
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

    /// <returns>One logit a label for each text.</returns>
    public float[][] Logits(IEnumerable<string> texts, CancellationToken cancellationToken) =>
        new Evaluator(model, hardware.Device, BatchSize, Console.Error).Logits([.. texts.Select(text => tokenizer.Encode(text, labels.MaxTokens).Ids)], cancellationToken);

    public void Dispose()
    {
        model.Dispose();
        weights.Dispose();
    }
}
