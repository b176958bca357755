using Serverless.Trainer.Evaluation;
using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>A copy of the trainable parameters at the best evaluation by <c>metric_for_best_model</c>.</summary>
/// <remarks>
/// By loss unless another metric is set: a few dozen held-out rows have accuracies in steps of several points, so that an early evaluation
/// keeps a lucky row before later, annealed steps. Among equal accuracies and F1 the lowest loss is the best; among equals the first.
/// </remarks>
internal sealed class BestCheckpoint(IReadOnlyList<(string Name, Tensor Value)> parameters, string metric) : IDisposable
{
    public const string LossMetric = "loss";
    public const string AccuracyMetric = "accuracy";
    public const string MacroF1Metric = "macro_f1";

    private readonly List<Tensor> copies = [];

    /// <summary>The values of <c>metric_for_best_model</c>.</summary>
    public static IReadOnlyList<string> Metrics { get; } = [LossMetric, AccuracyMetric, MacroF1Metric];

    public EvaluationPoint? Evaluation { get; private set; }

    /// <summary>The copies, for a checkpoint; empty before the first evaluation.</summary>
    public IEnumerable<(string Name, Tensor Value)> Tensors => parameters.Zip(copies, (parameter, copy) => ($"best.{parameter.Name}", copy));

    /// <summary>Saves the parameters if the evaluation is the best so far.</summary>
    public void Update(EvaluationPoint point)
    {
        if (Evaluation is not { } best || Rank(point).CompareTo(Rank(best)) > 0)
        {
            Save(point);
        }
    }

    /// <summary>The number of evaluations in a curve since the best one.</summary>
    public int CountSince(IEnumerable<CurvePoint> curve) => curve.Count(point => point.HeldOut is { } evaluation && evaluation.Step > Evaluation?.Step);

    /// <summary>Copies the current parameters. Also allocates the tensors that a checkpoint is restored to.</summary>
    public void Save(EvaluationPoint point)
    {
        Dispose();
        Evaluation = point;
        copies.AddRange(parameters.Select(parameter => parameter.Value.detach().clone().DetachFromDisposeScope()));
    }

    /// <summary>Copies the best parameters back to the model.</summary>
    public void Restore()
    {
        using var noGrad = no_grad();
        foreach (var (parameter, copy) in parameters.Zip(copies))
        {
            parameter.Value.copy_(copy);
        }
    }

    public void Dispose()
    {
        copies.ForEach(copy => copy.Dispose());
        copies.Clear();
    }

    // NaN, the loss of an evaluation that overflowed, ranks below all numbers.
    private (double Metric, double ThenLoss) Rank(EvaluationPoint point) => metric switch
    {
        AccuracyMetric => (point.Accuracy, -point.Loss),
        MacroF1Metric => (point.MacroF1 ?? 0, -point.Loss),
        _ => (-point.Loss, 0),
    };
}
