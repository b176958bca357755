using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>
/// What one thread's share of an optimizer step gives each parameter as gradient. Threads that added to the parameters themselves would do
/// so in an order of chance, and a sum of floats depends on its order.
/// </summary>
internal sealed class GradientAccumulator(IReadOnlyList<Tensor> parameters)
{
    private readonly Tensor[] sums = [.. parameters.Select(parameter => zeros_like(parameter).DetachFromDisposeScope())];

    /// <summary>The sum of a parameter, to add to by hand.</summary>
    public Tensor this[Tensor parameter] => sums[parameters.Index().First(entry => ReferenceEquals(entry.Item, parameter)).Index];

    /// <summary>Adds the gradients of what was computed from the parameters; one that it does not depend on gets none.</summary>
    /// <param name="output">A scalar, or anything with <paramref name="outputGradient"/>.</param>
    /// <param name="outputGradient">Shaped like the output.</param>
    public void Backward(Tensor output, Tensor? outputGradient = null)
    {
        using var scope = NewDisposeScope();
        var gradients = autograd.grad([output], [.. parameters], outputGradient is null ? null : [outputGradient], allow_unused: true);
        foreach (var (sum, gradient) in sums.Zip(gradients).Where(pair => !pair.Second.IsInvalid))
        {
            sum.add_(gradient);
        }
    }

    /// <summary>Hands the sums over to the parameters' own gradients, which exist; there is nothing left here then.</summary>
    public void MoveToParameters()
    {
        using var noGrad = no_grad();
        foreach (var (parameter, sum) in parameters.Zip(sums))
        {
            parameter.grad!.add_(sum);
            sum.Dispose();
        }
    }
}
