using Serverless.Llama;
using Serverless.Trainer.Data;
using Serverless.Trainer.Evaluation;
using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>
/// The training loop: optimizer steps over the batches of the sampler, with evaluations on held-out articles, of which the best
/// checkpoint is kept, and checkpoints on disk. The order of the articles, the learning rate and the dropout are functions of the
/// step number, so a checkpoint is the complete state.
/// </summary>
internal sealed class TrainingLoop : IDisposable
{
    /// <summary>The fewest evaluations in a training, unless it has fewer steps.</summary>
    /// <remarks>300 rows of the starter's recipe are 100 steps: with one evaluation at the end, the best checkpoint was the last one.</remarks>
    private const int MinEvaluations = 10;

    private readonly LlamaForSequenceClassification model;
    private readonly TrainOptions options;
    private readonly Hardware hardware;
    private readonly Article[] heldOut;
    private readonly float[]? classWeights;
    private readonly BatchSampler sampler;
    private readonly TrainingStep step;
    private readonly BestCheckpoint best;
    private readonly TrainingCheckpoint? checkpoint;
    private readonly List<CurvePoint> curve = [];
    private TimeSpan duration;

    /// <param name="checkpoint">Null for no checkpoints on disk.</param>
    /// <param name="log">Receives a line when a training is resumed or memory runs out.</param>
    /// <param name="classWeights">The weight of each label's articles in the losses; null for equal weights.</param>
    public TrainingLoop(
        LlamaForSequenceClassification model, TrainOptions options, Hardware hardware, Article[] train, Article[] heldOut,
        TrainingCheckpoint? checkpoint, TextWriter log, float[]? classWeights = null)
    {
        this.model = model;
        this.options = options;
        this.hardware = hardware;
        this.heldOut = heldOut;
        this.checkpoint = checkpoint;
        this.classWeights = classWeights;
        sampler = new BatchSampler([.. train.Select(article => article.Ids.Length)], options);
        step = new TrainingStep(model, options, hardware, train, log, classWeights);
        best = new BestCheckpoint(model.TrainableParameters, options.MetricForBestModel);
        Evaluator = new Evaluator(model, hardware.Device, options.PerDeviceEvalBatchSize, log);
        Resume(log);
    }

    /// <summary>Evaluates the model.</summary>
    public Evaluator Evaluator { get; }

    /// <summary>The number of completed steps.</summary>
    public int CompletedSteps => curve.Count;

    private int EvaluationInterval => Math.Clamp(sampler.Count / MinEvaluations, 1, options.EvalSteps);

    // A function of the learning curve, which a checkpoint holds, so that a resumed training stops at the same step.
    private bool HasStoppedEarly =>
        CompletedSteps < sampler.Count && options.EarlyStoppingPatience > 0 && best.CountSince(curve) >= options.EarlyStoppingPatience;

    /// <summary>Trains to the end, or until the held-out metric has not improved for long, and restores the best checkpoint to the model.</summary>
    /// <exception cref="TrainingDivergedException">The loss is not finite.</exception>
    public TrainingSummary Run(IProgress<TrainingProgress> progress, TimeProvider time, CancellationToken cancellationToken)
    {
        var (firstStep, durationBefore) = (CompletedSteps, duration);
        while (CompletedSteps < sampler.Count && !HasStoppedEarly)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                checkpoint?.Save(Position(), Tensors());
                cancellationToken.ThrowIfCancellationRequested();
            }

            var begin = time.GetTimestamp();
            var learningRate = LinearSchedule.LearningRate(CompletedSteps, sampler.Count, options.LearningRate, options.WarmupRatio);
            var loss = step.Run(sampler.Articles(CompletedSteps), learningRate, CompletedSteps + 1);
            duration += time.GetElapsedTime(begin);

            var evaluation = (CompletedSteps + 1) % EvaluationInterval == 0 || CompletedSteps + 1 == sampler.Count ? Evaluate(CompletedSteps + 1) : null;
            curve.Add(new CurvePoint(CompletedSteps + 1, loss, evaluation));
            if (evaluation is not null || CompletedSteps % options.SaveSteps == 0)
            {
                checkpoint?.Save(Position(), Tensors());
            }

            var perStep = (duration - durationBefore) / (CompletedSteps - firstStep);
            progress.Report(new TrainingProgress(
                CompletedSteps,
                sampler.Count,
                loss,
                learningRate,
                options.ArticlesPerStep / perStep.TotalSeconds,
                perStep * (sampler.Count - CompletedSteps),
                hardware.UsedMemory(),
                evaluation));
        }

        best.Restore();
        return new TrainingSummary(
            CompletedSteps,
            best.Evaluation!.Step,
            step.Skipped,
            duration,
            CompletedSteps * options.ArticlesPerStep / duration.TotalSeconds,
            curve,
            HasStoppedEarly ? DescribeEarlyStop() : null);
    }

    public void Dispose()
    {
        best.Dispose();
        step.Dispose();
    }

    private EvaluationPoint Evaluate(int done)
    {
        // Evenly spaced rows, because files are often sorted by label.
        var stride = Math.Max(1, (double)heldOut.Length / options.MaxEvalSamples);
        var sample = Enumerable.Range(0, (int)(heldOut.Length / stride)).Select(i => heldOut[(int)(i * stride)]).ToArray();
        // Not cancellable: the checkpoint would lose the step before it.
        var predictions = Evaluator.Predict(sample, CancellationToken.None);
        var point = new EvaluationPoint(done, predictions.Loss(classWeights: classWeights), predictions.Accuracy, predictions.MacroF1);
        best.Update(point);
        return point;
    }

    private string DescribeEarlyStop() =>
        $"stopped early at step {CompletedSteps} of {sampler.Count}: {options.EarlyStoppingPatience} evaluations after that of step " +
        $"{best.Evaluation!.Step} had no better {options.MetricForBestModel}";

    private TrainingPosition Position()
    {
        var (optimizerSteps, microBatchTokens, lossScale) = step.State;
        return new TrainingPosition(CompletedSteps, optimizerSteps, microBatchTokens, lossScale, duration, best.Evaluation, curve);
    }

    private IEnumerable<(string Name, Tensor Value)> Tensors() =>
        [.. model.TrainableParameters.Select(parameter => ($"adapter.{parameter.Name}", parameter.Value)), .. step.Tensors, .. best.Tensors];

    private void Resume(TextWriter log)
    {
        var position = checkpoint?.Resume(position =>
        {
            if (position.Best is { } evaluation)
            {
                best.Save(evaluation);
            }

            return Tensors();
        });
        if (position is null)
        {
            return;
        }

        step.Resume(position);
        curve.AddRange(position.Curve);
        duration = position.Duration;
        log.WriteLine($"resume from step {CompletedSteps} of {sampler.Count}");
    }
}
