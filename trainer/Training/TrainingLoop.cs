using Serverless.Llama;
using Serverless.Trainer.Data;
using Serverless.Trainer.Evaluation;
using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>
/// The fine-tune itself: step after step through the plan; every so many steps an evaluation on held-out articles, whose best
/// checkpoint is kept, and a checkpoint on disk. All that it needs to know of its past lies in that checkpoint: the order of
/// the articles, the learning rate and the dropout are functions of the step's number.
/// </summary>
internal sealed class TrainingLoop : IDisposable
{
    private readonly LlamaForSequenceClassification model;
    private readonly TrainOptions options;
    private readonly Hardware hardware;
    private readonly Article[] heldOut;
    private readonly BatchSampler plan;
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
        plan = new BatchSampler([.. train.Select(article => article.Ids.Length)], options);
        step = new TrainingStep(model, options, hardware, train, log);
        best = new BestCheckpoint(model.TrainableParameters);
        Evaluator = new Evaluator(model, hardware.Device, options.PerDeviceEvalBatchSize, log);
        Resume(log);
    }

    /// <summary>Measures the model, in passes that memory is enough for.</summary>
    public Evaluator Evaluator { get; }

    /// <summary>Steps done.</summary>
    public int Done => curve.Count;

    /// <summary>Trains to the end and leaves the best checkpoint in the model.</summary>
    /// <exception cref="TrainingDivergedException">The loss is no longer a number.</exception>
    public TrainingSummary Run(IProgress<TrainingProgress> progress, TimeProvider time, CancellationToken cancellationToken)
    {
        var (begun, before) = (Done, duration);
        while (Done < plan.Count)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                checkpoint?.Save(Position(), Tensors());
                cancellationToken.ThrowIfCancellationRequested();
            }

            var begin = time.GetTimestamp();
            var learningRate = LinearSchedule.LearningRate(Done, plan.Count, options.LearningRate, options.WarmupRatio);
            var loss = step.Take(plan.Articles(Done), learningRate, Done + 1);
            duration += time.GetElapsedTime(begin);

            var measured = (Done + 1) % options.EvalSteps == 0 || Done + 1 == plan.Count ? Evaluate(Done + 1) : null;
            curve.Add(new CurvePoint(Done + 1, loss, measured));
            if (measured is not null || Done % options.SaveSteps == 0)
            {
                checkpoint?.Save(Position(), Tensors());
            }

            var perStep = (duration - before) / (Done - begun);
            progress.Report(new TrainingProgress(
                Done,
                plan.Count,
                loss,
                learningRate,
                options.ArticlesPerStep / perStep.TotalSeconds,
                perStep * (plan.Count - Done),
                hardware.UsedMemory(),
                measured));
        }

        best.Restore();
        return new TrainingSummary(
            plan.Count, best.Evaluation!.Step, step.Skipped, duration, plan.Count * options.ArticlesPerStep / duration.TotalSeconds, curve);
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
        best.Offer(point);
        return point;
    }

    private TrainingPosition Position()
    {
        var (optimizerSteps, passTokens, lossScale) = step.Numbers;
        return new TrainingPosition(Done, optimizerSteps, passTokens, lossScale, duration, best.Evaluation, curve);
    }

    private IEnumerable<(string Name, Tensor Value)> Tensors() =>
        [.. model.TrainableParameters.Select(parameter => ($"adapter.{parameter.Name}", parameter.Value)), .. step.State, .. best.State];

    private void Resume(TextWriter log)
    {
        var position = checkpoint?.Resume(position =>
        {
            if (position.Best is { } evaluation)
            {
                best.Keep(evaluation);
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
        log.WriteLine($"resume from step {Done} of {plan.Count}");
    }
}
