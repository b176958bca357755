using static TorchSharp.torch;

namespace Serverless.Trainer.Training;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019) for many small fp32 parameters. Gradients and moments are flat buffers (the gradients as views,
/// into which autograd accumulates), so clipping and the moments take about ten native calls in total, instead of ten per
/// parameter.
/// </summary>
internal sealed class AdamW : IDisposable
{
    private const double Beta1 = 0.9;
    private const double Epsilon = 1e-8;

    private readonly IReadOnlyList<Tensor> parameters;
    private readonly double weightDecay;
    private readonly double beta2;
    private readonly Tensor gradient;     // [all elements], fp32
    private readonly Tensor firstMoment;  // [all elements], fp32
    private readonly Tensor secondMoment; // [all elements], fp32
    private readonly Tensor update;       // [all elements], fp32
    private readonly List<Tensor> updates; // the update of each parameter, in its shape: views into the flat one

    /// <param name="parameters">The trained parameters; all fp32, on one device.</param>
    /// <param name="weightDecay">Weight decay of matrices; vectors (norms, biases) do not decay, as in transformers.</param>
    /// <param name="beta2">Decay rate of the second moment.</param>
    public AdamW(IReadOnlyList<Tensor> parameters, double weightDecay, double beta2 = 0.999)
    {
        if (parameters.FirstOrDefault(parameter => parameter.dtype != ScalarType.Float32) is { } half)
        {
            throw new ArgumentException($"Trainable parameters must be fp32, one is {half.dtype}.", nameof(parameters));
        }

        this.parameters = parameters;
        this.weightDecay = weightDecay;
        this.beta2 = beta2;
        var device = parameters[0].device;
        var elements = parameters.Sum(parameter => parameter.numel());
        gradient = zeros(elements, ScalarType.Float32, device).DetachFromDisposeScope();
        firstMoment = zeros(elements, ScalarType.Float32, device).DetachFromDisposeScope();
        secondMoment = zeros(elements, ScalarType.Float32, device).DetachFromDisposeScope();
        update = zeros(elements, ScalarType.Float32, device).DetachFromDisposeScope();
        updates = [.. Views(update)];
        foreach (var (parameter, view) in parameters.Zip(Views(gradient)))
        {
            using (view)
            {
                parameter.grad = view;
            }
        }
    }

    /// <summary>The number of steps; set when a checkpoint is resumed.</summary>
    public int Steps { get; set; }

    /// <summary>The moments, for a checkpoint.</summary>
    public IReadOnlyList<(string Name, Tensor Value)> Tensors => [("first_moment", firstMoment), ("second_moment", secondMoment)];

    public void ZeroGradient()
    {
        using var noGrad = no_grad();
        gradient.zero_();
    }

    /// <summary>Divides the gradient by the loss scale and clips its L2 norm to <paramref name="maxNorm"/>.</summary>
    /// <returns>The L2 norm before clipping; if it is not finite, the step must be skipped.</returns>
    public double ClipGradient(double maxNorm, double lossScale = 1)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var norm = gradient.norm().item<float>() / lossScale;
        var factor = Math.Min(1, maxNorm / (norm + 1e-6)) / lossScale;
        if (factor != 1 && double.IsFinite(norm))
        {
            gradient.mul_(factor);
        }

        return norm;
    }

    public void Step(double learningRate)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Steps++;
        firstMoment.mul_(Beta1).add_(gradient, alpha: 1 - Beta1);
        secondMoment.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
        var unbiased = secondMoment.div(1 - Math.Pow(beta2, Steps)).sqrt_().add_(Epsilon);
        update.copy_(firstMoment).div_(unbiased).mul_(-learningRate / (1 - Math.Pow(Beta1, Steps)));
        for (var i = 0; i < parameters.Count; i++)
        {
            if (weightDecay > 0 && parameters[i].dim() > 1)
            {
                parameters[i].mul_(1 - (learningRate * weightDecay));
            }

            parameters[i].add_(updates[i]);
        }
    }

    public void Dispose()
    {
        foreach (var parameter in parameters)
        {
            parameter.grad = null;
        }

        updates.ForEach(view => view.Dispose());
        update.Dispose();
        secondMoment.Dispose();
        firstMoment.Dispose();
        gradient.Dispose();
    }

    private IEnumerable<Tensor> Views(Tensor flat)
    {
        var start = 0L;
        foreach (var parameter in parameters)
        {
            using var slice = flat.narrow(0, start, parameter.numel());
            start += parameter.numel();
            yield return slice.view(parameter.shape).DetachFromDisposeScope();
        }
    }
}
