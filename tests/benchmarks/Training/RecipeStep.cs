using Serverless.Llama;
using Serverless.Llama.Lora;
using Serverless.Trainer.Data;
using Serverless.Trainer.Training;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Parameter = TorchSharp.Modules.Parameter;

namespace Serverless.Benchmarks.Training;

/// <summary>
/// An optimizer step as transformers' trainer takes it for the published recipe: two micro-batches of 16 articles, every layer
/// computed for every token, the head on every position, an optimizer that goes parameter by parameter. Weights of 32 bit
/// are rounded anew in each pass, as autocast does.
/// </summary>
internal sealed class RecipeStep : IDisposable
{
    private readonly Hardware hardware;
    private readonly TrainOptions options;
    private readonly bool padded;
    private readonly LlamaModel model;
    private readonly LoraDropout dropout;
    private readonly Parameter score; // [labels, hidden]
    private readonly List<Parameter> parameters = [];
    private readonly optim.Optimizer optimizer;

    /// <param name="padded">To 128 tokens; otherwise articles are packed without padding.</param>
    public RecipeStep(LlamaWeights weights, Hardware hardware, TrainOptions options, bool padded)
    {
        (this.hardware, this.options, this.padded) = (hardware, options, padded);
        model = new LlamaModel(weights, hardware.Type, residualType: ScalarType.Float32);
        dropout = LoraDropout.CreateLibtorch(options.Seed);
        foreach (var linear in model.Linears)
        {
            linear.SetLora(
                Trainable(rand(options.LoraRank, linear.Weight.shape[1]) / Math.Sqrt(linear.Weight.shape[1])),
                Trainable(zeros(linear.Weight.shape[0], options.LoraRank)),
                options.Lora);
        }

        score = Trainable(randn(Articles.Labels, weights.Config.HiddenSize) * weights.Config.InitializerRange);
        optimizer = optim.AdamW(parameters, options.LearningRate);
    }

    public void Take(IReadOnlyList<Article> articles)
    {
        optimizer.zero_grad();
        foreach (var pass in articles.Chunk(options.PerDeviceTrainBatchSize))
        {
            using var scope = NewDisposeScope();
            using var batch = PackedBatch.Create([.. pass.Select(article => padded ? Articles.Padded(article.Ids) : article.Ids)], hardware.Device);
            // A padded article is read at its own last token, not at its last padding.
            var last = padded ? tensor(pass.Select((article, row) => ((long)row * Articles.MaxLength) + article.Ids.Length - 1).ToArray(), device: hardware.Device) : batch.LastTokens;
            var labels = tensor(pass.Select(article => (long)article.Label).ToArray(), device: hardware.Device);
            var hidden = model.Forward(batch, pooledOnly: false, dropout);
            var logits = functional.linear(hidden.to(hardware.Type), score.to(hardware.Type)).to(float32).index_select(0, last);
            var loss = functional.cross_entropy(padded ? logits : logits.index_select(0, batch.Order), labels) / options.GradientAccumulationSteps;
            loss.backward();
            _ = loss.item<float>();
        }

        using var updating = NewDisposeScope();
        nn.utils.clip_grad_norm_(parameters, options.MaxGradNorm);
        optimizer.step();
    }

    public void Dispose()
    {
        optimizer.Dispose();
        model.Dispose();
        score.Dispose();
    }

    private Parameter Trainable(Tensor value)
    {
        var parameter = new Parameter(value.to(hardware.Device), requires_grad: true);
        parameters.Add(parameter);
        return parameter;
    }
}
