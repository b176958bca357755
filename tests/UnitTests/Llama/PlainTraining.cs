using Serverless.Llama;
using static TorchSharp.torch;

namespace Serverless.UnitTests.Llama;

/// <summary>
/// A training in double precision by <see cref="PublishedEquations"/>: the mean of the cross-entropy, one clipping of the gradient to the norm 1,
/// and "Decoupled Weight Decay Regularization" (Loshchilov &amp; Hutter 2017) with β 0.9 and 0.999, ε 1e-8 and no decay.
/// </summary>
internal sealed class PlainTraining : IDisposable
{
    private readonly Dictionary<string, Tensor> parameters;
    private readonly Dictionary<string, (Tensor Mean, Tensor Square)> moments;
    private readonly PublishedEquations equations;
    private int steps;

    public PlainTraining(string configJson, LlamaWeights weights, LlamaForSequenceClassification model, double loraScaling)
    {
        parameters = model.TrainableParameters.ToDictionary(
            entry => entry.Name, entry => entry.Value.detach().to(float64).DetachFromDisposeScope().requires_grad_(true));
        moments = parameters.ToDictionary(entry => entry.Key, entry => (zeros_like(entry.Value), zeros_like(entry.Value)));
        var fixedTensors = weights.NamedTensors.ToDictionary(entry => entry.Name, entry => entry.Value.to(float64));
        equations = new PublishedEquations(configJson, fixedTensors.Concat(parameters).ToDictionary(entry => entry.Key, entry => entry.Value), loraScaling);
    }

    public Tensor this[string name] => parameters[name];

    /// <returns>The loss before the step.</returns>
    public double Step(int[][] rows, int[] labels, double learningRate)
    {
        var losses = rows.Zip(labels, (row, label) => Loss(equations.Logits(row), label));
        var loss = losses.Aggregate((sum, next) => sum + next) / rows.Length;
        loss.backward();
        steps++;
        using (no_grad())
        {
            var norm = Math.Sqrt(parameters.Values.Sum(value => value.grad!.square().sum().item<double>()));
            foreach (var (name, value) in parameters)
            {
                Update(value, value.grad! * Math.Min(1, 1 / norm), moments[name], learningRate);
                value.grad!.zero_();
            }
        }

        return loss.item<double>();
    }

    public void Dispose()
    {
        foreach (var value in parameters.Values)
        {
            value.Dispose();
        }
    }

    private static Tensor Loss(Tensor logits, int label) => logits.exp().sum().log() - logits[label];

    private void Update(Tensor value, Tensor gradient, (Tensor Mean, Tensor Square) moment, double learningRate)
    {
        moment.Mean.mul_(0.9).add_(gradient * 0.1);
        moment.Square.mul_(0.999).add_(gradient * gradient * 0.001);
        var mean = moment.Mean / (1 - Math.Pow(0.9, steps));
        var square = moment.Square / (1 - Math.Pow(0.999, steps));
        value.sub_(mean / (square.sqrt() + 1e-8) * learningRate);
    }
}
