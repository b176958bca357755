using Serverless.Llama;
using Serverless.Trainer.Data;
using Serverless.Trainer.Evaluation;
using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>
/// The fine-tune itself: step after step through the sampler; every so many steps an evaluation on held-out articles, whose best
/// checkpoint is kept, and a checkpoint on disk. All that it needs to know of its past lies in that checkpoint: the order of
/// the articles, the learning rate and the dropout are functions of the step's number.
/// </summary>
internal sealed class TrainingLoop : IDisposable
{
    private readonly LlamaForSequenceClassification model;
    private readonly TrainOptions options;
    private readonly Hardware hardware;
    private readonly Article[] heldOut;
    private readonly BatchSampler sampler;
    private readonly TrainingStep step;
    private readonly BestCheckpoint best;
    private readonly TrainingCheckpoint? checkpoint;
    private readonly List<CurvePoint> curve = [];
    private TimeSpan duration;

    /// <param name="checkpoint">Null trains in memory alone.</param>
    /// <param name="log">Told what is out of the ordinary.</param>
    public TrainingLoop(
        LlamaForSequenceClassification model, TrainOptions options, Hardware hardware, Article[] train, Article[] heldOut,
        TrainingCheckpoint? checkpoint, TextWriter log)
    {
        (this.model, this.options, this.hardware, this.heldOut, this.checkpoint) = (model, options, hardware, heldOut, checkpoint);
        sampler = new BatchSampler([.. train.Select(article => article.Ids.Length)], options);
        step = new TrainingStep(model, options, hardware, train, log);
        best = new BestCheckpoint(model.TrainableParameters);
        Evaluator = new Evaluator(model, hardware.Device, options.PerDeviceEvalBatchSize, log);
        Resume(log);
    }

    /// <summary>Measures the model, in passes that memory is enough for.</summary>
    public Evaluator Evaluator { get; }

    /// <summary>Steps done.</summary>
    public int CompletedSteps => curve.Count;

    /// <summary>Trains to the end and leaves the best checkpoint in the model.</summary>
    /// <exception cref="TrainingDivergedException">The loss is no longer a number.</exception>
    public TrainingSummary Run(IProgress<TrainingProgress> progress, TimeProvider time, CancellationToken cancellationToken)
    {
        var (begun, before) = (CompletedSteps, duration);
        while (CompletedSteps < sampler.Count)
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

            var evaluation = (CompletedSteps + 1) % options.EvalSteps == 0 || CompletedSteps + 1 == sampler.Count ? Evaluate(CompletedSteps + 1) : null;
            curve.Add(new CurvePoint(CompletedSteps + 1, loss, evaluation));
            if (evaluation is not null || CompletedSteps % options.SaveSteps == 0)
            {
                checkpoint?.Save(Position(), Tensors());
            }

            var perStep = (duration - before) / (CompletedSteps - begun);
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
            sampler.Count, best.Evaluation!.Step, step.Skipped, duration, sampler.Count * options.ArticlesPerStep / duration.TotalSeconds, curve);
    }

    public void Dispose()
    {
        best.Dispose();
        step.Dispose();
    }

    private EvaluationPoint Evaluate(int done)
    {
        // Every so-many-th row, since a file is often sorted by label.
        var stride = Math.Max(1, (double)heldOut.Length / options.MaxEvalSamples);
        var sample = Enumerable.Range(0, (int)(heldOut.Length / stride)).Select(i => heldOut[(int)(i * stride)]).ToArray();
        // Not to be broken off: the step before it would be lost to the checkpoint.
        var predictions = Evaluator.Predict(sample, CancellationToken.None);
        var point = new EvaluationPoint(done, predictions.Loss(), predictions.Accuracy);
        best.Update(point);
        return point;
    }

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
