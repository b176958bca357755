using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>A copy of the trainable parameters as they were at the best evaluation: highest accuracy, then lowest loss.</summary>
internal sealed class BestCheckpoint(IReadOnlyList<(string Name, Tensor Value)> parameters) : IDisposable
{
    private readonly List<Tensor> copies = [];

    public EvaluationPoint? Evaluation { get; private set; }

    /// <summary>What a checkpoint must hold besides <see cref="Evaluation"/>; nothing before the first evaluation.</summary>
    public IEnumerable<(string Name, Tensor Value)> Tensors => parameters.Zip(copies, (parameter, copy) => ($"best.{parameter.Name}", copy));

    public void Update(EvaluationPoint point)
    {
        if (Evaluation is not { } best || (point.Accuracy, -point.Loss).CompareTo((best.Accuracy, -best.Loss)) > 0)
        {
            Save(point);
        }
    }

    /// <summary>Keeps the parameters as they are now; also makes the copies that a resumed checkpoint is read into.</summary>
    public void Save(EvaluationPoint point)
    {
        Dispose();
        Evaluation = point;
        copies.AddRange(parameters.Select(parameter => parameter.Value.detach().clone().DetachFromDisposeScope()));
    }

    /// <summary>Puts the best parameters back into the model.</summary>
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
