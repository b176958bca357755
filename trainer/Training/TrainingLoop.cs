using Serverless.Model;
using Serverless.Trainer.Evaluation;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Serverless.Trainer.Training;

/// <summary>
/// The fine-tune itself: for each optimizer step pack, forward, loss, backward, clip, AdamW; every so many steps an
/// evaluation on held-out articles, whose best checkpoint is kept. Everything it needs to know of its past is the number of
/// the step, the adapter and the optimizer: the order of the articles and the learning rate are functions of the step.
/// </summary>
internal sealed class TrainingLoop : IDisposable
{
    private readonly LlamaForSequenceClassification model;
    private readonly TrainOptions options;
    private readonly Device device;
    private readonly Article[] train;
    private readonly Article[] heldOut;
    private readonly StepPlan plan;
    private readonly AdamW optimizer;
    private readonly LossScaler scaler;
    private readonly BestCheckpoint best;

    public TrainingLoop(LlamaForSequenceClassification model, TrainOptions options, Hardware hardware, Article[] train, Article[] heldOut)
    {
        (this.model, this.options, device, this.train, this.heldOut) = (model, options, hardware.Device, train, heldOut);
        plan = new StepPlan([.. train.Select(article => article.Ids.Length)], options);
        var parameters = model.TrainableParameters.Select(parameter => parameter.Value).ToArray();
        optimizer = new AdamW(parameters, options.WeightDecay);
        scaler = new LossScaler(enabled: hardware.Type == ScalarType.Float16);
        best = new BestCheckpoint(parameters);
    }

    /// <summary>Trains to the end and leaves the best checkpoint in the model.</summary>
    /// <exception cref="TrainingDivergedException">The loss is no longer a number.</exception>
    public TrainingSummary Run(IProgress<TrainingProgress> progress, TimeProvider time, CancellationToken cancellationToken)
    {
        manual_seed(options.Seed); // dropout
        var training = TimeSpan.Zero;
        var curve = new List<CurvePoint>();
        for (var step = 0; step < plan.Count; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var begin = time.GetTimestamp();
            var learningRate = LinearSchedule.LearningRate(step, plan.Count, options.LearningRate, options.WarmupRatio);
            var loss = Step(plan.Articles(step), learningRate, step + 1);
            training += time.GetElapsedTime(begin);

            var done = step + 1;
            var measured = done % options.EvalSteps == 0 || done == plan.Count ? Evaluate(done) : null;
            curve.Add(new CurvePoint(done, loss, measured));
            progress.Report(new TrainingProgress(
                done,
                plan.Count,
                loss,
                learningRate,
                done * options.ArticlesPerStep / training.TotalSeconds,
                training / done * (plan.Count - done),
                measured));
        }

        best.Restore();
        return new TrainingSummary(
            plan.Count, best.Evaluation!.Step, scaler.Skipped, training, plan.Count * options.ArticlesPerStep / training.TotalSeconds, curve);
    }

    public void Dispose()
    {
        best.Dispose();
        optimizer.Dispose();
    }

    /// <summary>One optimizer step. The loss is the mean over its articles, however they are cut into passes.</summary>
    /// <returns>That loss.</returns>
    internal double Step(IReadOnlyList<int> articles, double learningRate, int number)
    {
        model.Training = true;
        optimizer.ZeroGradient();
        var sum = 0.0;
        var dropout = new TokenDropout(options.TokenDropout, options.Seed, number);
        foreach (var pass in articles.Chunk(options.PerDeviceTrainBatchSize))
        {
            using var scope = NewDisposeScope();
            using var batch = PackedBatch.Create([.. pass.Select(article => dropout.Apply(train[article].Ids))], device);
            var labels = tensor(pass.Select(article => (long)train[article].Label).ToArray(), device: device);
            var logits = model.Forward(batch); // [articles, labels], fp32
            var loss = functional.cross_entropy(logits, labels, reduction: Reduction.Sum);
            (loss * (scaler.Scale / articles.Count)).backward();
            sum += loss.item<float>();
        }

        var norm = optimizer.ClipGradient(options.MaxGradNorm, scaler.Scale);
        if (scaler.Accept(norm, number))
        {
            optimizer.Step(learningRate);
        }

        return sum / articles.Count;
    }

    private EvaluationPoint Evaluate(int step)
    {
        // Every so-many-th row, since a file is often sorted by label.
        var stride = Math.Max(1, (double)heldOut.Length / options.MaxEvalSamples);
        var sample = Enumerable.Range(0, (int)(heldOut.Length / stride)).Select(i => heldOut[(int)(i * stride)]).ToArray();
        var predictions = Evaluator.Predict(model, device, sample, options.PerDeviceEvalBatchSize);
        var point = new EvaluationPoint(step, predictions.Loss(), predictions.Accuracy);
        best.Offer(point);
        return point;
    }
}
