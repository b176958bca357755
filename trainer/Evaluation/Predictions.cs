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

    /// <summary>The unweighted mean of F1 over the labels.</summary>
    public double MacroF1 => LabelMetrics.Compute([.. Logits[0].Select((_, label) => $"{label}")], ConfusionMatrix()).Average(label => label.F1);

    /// <summary>Rows: the expected label; columns: the predicted label.</summary>
    public int[][] ConfusionMatrix()
    {
        var confusion = Logits[0].Select(_ => new int[Logits[0].Length]).ToArray();
        for (var row = 0; row < Count; row++)
        {
            confusion[Expected[row]][Predicted(row)]++;
        }

        return confusion;
    }

    /// <summary>Mean cross-entropy in nats.</summary>
    /// <param name="classWeights">The weight of each label's rows; the sum is divided by the sum of the rows' weights. Null for equal weights.</param>
    public double Loss(double temperature = 1, IReadOnlyList<float>? classWeights = null)
    {
        var sum = 0.0;
        var weights = 0.0;
        for (var row = 0; row < Count; row++)
        {
            var logits = Logits[row];
            var max = logits.Max();
            var weight = classWeights?[Expected[row]] ?? 1.0;
            weights += weight;
            sum += weight * (Math.Log(logits.Sum(logit => Math.Exp((logit - max) / temperature))) - ((logits[Expected[row]] - max) / temperature));
        }

        return sum / weights;
    }
}
