namespace Serverless.Trainer.Evaluation;

/// <summary>The raw logits of a model for labelled rows, and the index of each row's expected label.</summary>
internal sealed record Predictions(float[][] Logits, int[] Expected)
{
    public int Count => Expected.Length;

    public double Accuracy => (double)Enumerable.Range(0, Count).Count(row => Predicted(row) == Expected[row]) / Count;

    public int Predicted(int row) => Array.IndexOf(Logits[row], Logits[row].Max());

    /// <summary>Softmax of the logits divided by <paramref name="temperature"/>.</summary>
    public double[] Probabilities(int row, double temperature)
    {
        var max = Logits[row].Max();
        var weights = Logits[row].Select(logit => Math.Exp((logit - max) / temperature)).ToArray();
        var sum = weights.Sum();
        return [.. weights.Select(weight => weight / sum)];
    }

    /// <summary>Mean cross-entropy in nats.</summary>
    public double Loss(double temperature = 1)
    {
        var sum = 0.0;
        for (var row = 0; row < Count; row++)
        {
            var logits = Logits[row];
            var max = logits.Max();
            sum += Math.Log(logits.Sum(logit => Math.Exp((logit - max) / temperature))) - ((logits[Expected[row]] - max) / temperature);
        }

        return sum / Count;
    }
}
