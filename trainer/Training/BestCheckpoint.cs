using Serverless.Trainer.Evaluation;
using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>A copy of the trainable parameters at the best evaluation: highest accuracy, then lowest loss.</summary>
internal sealed class BestCheckpoint(IReadOnlyList<(string Name, Tensor Value)> parameters) : IDisposable
{
    private readonly List<Tensor> copies = [];

    public EvaluationPoint? Evaluation { get; private set; }

    /// <summary>The copies, for a checkpoint; empty before the first evaluation.</summary>
    public IEnumerable<(string Name, Tensor Value)> Tensors => parameters.Zip(copies, (parameter, copy) => ($"best.{parameter.Name}", copy));

    /// <summary>Saves the parameters if the evaluation is the best so far.</summary>
    public void Update(EvaluationPoint point)
    {
        if (Evaluation is not { } best || (point.Accuracy, -point.Loss).CompareTo((best.Accuracy, -best.Loss)) > 0)
        {
            Save(point);
        }
    }

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
}
