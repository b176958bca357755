using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>
/// The gradients of one thread's share of an optimizer step. They are summed in a fixed order: float addition is not associative, so
/// threads that added to the parameters' gradients directly would not give reproducible results.
/// </summary>
internal sealed class GradientAccumulator(IReadOnlyList<Tensor> parameters)
{
    private readonly Tensor[] sums = [.. parameters.Select(parameter => zeros_like(parameter).DetachFromDisposeScope())];

    /// <summary>The accumulated gradient of a parameter.</summary>
    public Tensor this[Tensor parameter] => sums[parameters.Index().First(entry => ReferenceEquals(entry.Item, parameter)).Index];

    /// <summary>Adds the gradients of an output with respect to the parameters; those that it does not depend on are unchanged.</summary>
    /// <param name="output">A scalar, or any tensor with an <paramref name="outputGradient"/>.</param>
    /// <param name="outputGradient">The gradient of the output, of the same shape.</param>
    public void Backward(Tensor output, Tensor? outputGradient = null)
    {
        using var scope = NewDisposeScope();
        var gradients = autograd.grad([output], [.. parameters], outputGradient is null ? null : [outputGradient], allow_unused: true);
        foreach (var (sum, gradient) in sums.Zip(gradients).Where(pair => !pair.Second.IsInvalid))
        {
            sum.add_(gradient);
        }
    }

    /// <summary>Adds the sums to the parameters' gradients, and disposes them.</summary>
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
