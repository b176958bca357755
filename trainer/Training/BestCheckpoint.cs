using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>A copy of the trainable parameters as they were at the best evaluation: highest accuracy, then lowest loss.</summary>
internal sealed class BestCheckpoint(IReadOnlyList<Tensor> parameters) : IDisposable
{
    private readonly List<Tensor> copies = [];

    public EvaluationPoint? Evaluation { get; private set; }

    public void Offer(EvaluationPoint point)
    {
        if (Evaluation is { } best && (point.Accuracy, -point.Loss).CompareTo((best.Accuracy, -best.Loss)) <= 0)
        {
            return;
        }

        Dispose();
        Evaluation = point;
        copies.AddRange(parameters.Select(parameter => parameter.detach().clone().DetachFromDisposeScope()));
    }

    /// <summary>Puts the best parameters back into the model.</summary>
    public void Restore()
    {
        using var noGrad = no_grad();
        foreach (var (parameter, copy) in parameters.Zip(copies))
        {
            parameter.copy_(copy);
        }
    }

    public void Dispose()
    {
        copies.ForEach(copy => copy.Dispose());
        copies.Clear();
    }
}
