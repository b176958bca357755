
using Serverless.Trainer.Data;
using Serverless.Trainer.Evaluation;

namespace Serverless.UnitTests.Trainer.Evaluation;

public sealed class ClassificationMetricsTests
{
    private static readonly string[] Labels = ["a", "b", "c"];

    // Right label -> predicted: a->a, a->a, a->b, b->b, b->c, c->c: worked out by hand below.
    private static readonly Predictions Six = new(
        [OneHot(0), OneHot(0), OneHot(1), OneHot(1), OneHot(2), OneHot(2)], [0, 0, 0, 1, 1, 2]);

    [Fact]
    public void Accuracy_and_the_confusion_matrix_count_rows()
    {
        var metrics = ClassificationMetrics.Compute(Six, Labels);

        Assert.Equal(4.0 / 6, metrics.Accuracy, 12);
        Assert.Equal([[2, 1, 0], [0, 1, 1], [0, 0, 1]], metrics.ConfusionMatrix);
    }

    [Fact]
    public void Each_label_has_its_own_precision_recall_and_f1()
    {
        var metrics = ClassificationMetrics.Compute(Six, Labels);

        Assert.Equal([1, 0.5, 0.5], metrics.PerLabel.Select(label => label.Precision));
        Assert.Equal([2.0 / 3, 0.5, 1], metrics.PerLabel.Select(label => label.Recall));
        Assert.Equal([0.8, 0.5, 0.666667], metrics.PerLabel.Select(label => Math.Round(label.F1, 6)));
    }

    [Fact]
    public void The_averages_are_weighted_by_the_rows_of_each_label()
    {
        var metrics = ClassificationMetrics.Compute(Six, Labels);

        Assert.Equal(((3 * 1) + (2 * 0.5) + (1 * 0.5)) / 6, metrics.Precision, 12);
        Assert.Equal(((3 * 2.0 / 3) + (2 * 0.5) + (1 * 1)) / 6, metrics.Recall, 12);
        Assert.Equal(((3 * 0.8) + (2 * 0.5) + (1 * 2.0 / 3)) / 6, metrics.F1, 12);
    }

    [Fact]
    public void A_label_that_is_never_predicted_counts_zero()
    {
        var metrics = ClassificationMetrics.Compute(new Predictions([OneHot(0), OneHot(0)], [0, 1]), Labels);

        Assert.Equal((0.0, 0.0, 0.0), (metrics.PerLabel[1].Precision, metrics.PerLabel[1].Recall, metrics.PerLabel[1].F1));
        Assert.Equal(0.25, metrics.Precision, 12);
    }

    [Fact]
    public void The_loss_is_the_mean_cross_entropy()
    {
        var even = new Predictions([[1, 1, 1], [2, 2, 2]], [0, 2]);
        var sure = new Predictions([[MathF.Log(3), 0, float.NegativeInfinity]], [0]);

        Assert.Equal(Math.Log(3), even.Loss(), 6);
        Assert.Equal(-Math.Log(0.75), sure.Loss(), 6);
    }

    [Fact]
    public void The_calibration_error_is_the_gap_between_confidence_and_accuracy()
    {
        // Ten rows at 0.9, nine of them right: perfectly calibrated. Then all of them wrong: off by 0.9.
        var logit = (float)Math.Log(9);
        var rows = Enumerable.Repeat(new[] { logit, 0f }, 10).ToArray();

        Assert.Equal(0, Calibration.ExpectedError(Calibration.Bins(new Predictions(rows, [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), 1)), 6);
        Assert.Equal(0.9, Calibration.ExpectedError(Calibration.Bins(new Predictions(rows, [.. Enumerable.Repeat(1, 10)]), 1)), 6);
    }

    [Fact]
    public void The_fitted_temperature_undoes_overconfidence_and_many_rows_outweigh_the_prior()
    {
        // Logits that are three times too large for rows right nine times in ten.
        var logit = (float)(3 * Math.Log(9));
        var rows = Enumerable.Repeat(new[] { logit, 0f }, 2000).ToArray();
        var predictions = new Predictions(rows, [.. Enumerable.Range(0, 2000).Select(i => i % 10 == 0 ? 1 : 0)]);

        var temperature = Calibration.FitTemperature(predictions);

        Assert.Equal(3, temperature, 0.01);
        Assert.True(Calibration.ExpectedError(Calibration.Bins(predictions, temperature)) < 0.01);
        Assert.True(Calibration.ExpectedError(Calibration.Bins(predictions, 1)) > 0.09);
    }

    [Theory]
    [InlineData(5, 0.6)]
    [InlineData(20, 0.5)]
    [InlineData(49, 0.4)]
    public void However_few_the_rows_scores_of_others_are_nearer_to_the_truth_than_without(int rows, double share)
    {
        var others = TooSure(4000, seed: 0);
        double ErrorAt(double temperature) => Calibration.ExpectedError(Calibration.Bins(others, temperature));

        var fitted = Enumerable.Range(1, 20).Select(seed => ErrorAt(Calibration.FitTemperature(TooSure(rows, seed)))).ToArray();

        Assert.True(fitted.Average() < share * ErrorAt(1), $"{fitted.Average():0.000} with, {ErrorAt(1):0.000} without");
        Assert.All(fitted, error => Assert.True(error < ErrorAt(1), $"{error:0.000} with, {ErrorAt(1):0.000} without"));
    }

    [Fact]
    public void A_handful_of_rows_that_are_all_right_asks_for_no_certainty() =>
        Assert.InRange(Calibration.FitTemperature(new Predictions([.. Enumerable.Repeat(new[] { 5f, 0f }, 10)], new int[10])), 1.2, 2);

    [Fact]
    public void The_worst_mistakes_are_those_that_left_the_least_to_the_right_label()
    {
        // Row i gives the wrong label a logit of i; every third row is right.
        var predictions = new Predictions([.. Enumerable.Range(0, 60).Select(i => new[] { i + 0.1f, 0f })], [.. Enumerable.Range(0, 60).Select(i => i % 3 == 0 ? 0 : 1)]);
        DataSetRow[] rows = [.. Enumerable.Range(0, 60).Select(i => new DataSetRow(RowPlace.Line(i), $"text {i}", i % 3 == 0 ? "a" : "b", null))];

        var worst = Mistake.Worst(predictions, rows, ["a", "b"], temperature: 10, count: 20);

        Assert.Equal(Enumerable.Range(0, 60).Reverse().Where(i => i % 3 != 0).Take(20).Select(i => $"text {i}"), worst.Select(mistake => mistake.Text));
        Assert.All(worst, mistake => Assert.Equal(("b", "a"), (mistake.Expected, mistake.Predicted)));
        Assert.Equal(1 / (1 + Math.Exp(-5.91)), worst[0].Score, 6);
    }

    /// <summary>Rows whose labels are drawn from the softmax of their logits, which the model gives three times too large.</summary>
    private static Predictions TooSure(int count, int seed)
    {
        var random = new Random(seed);
        float[][] truth = [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, 4).Select(_ => (float)(6 * random.NextDouble())).ToArray())];
        var probabilities = new Predictions(truth, new int[count]);
        int Draw(int row)
        {
            var left = random.NextDouble();
            var label = 0;
            foreach (var probability in probabilities.Probabilities(row, temperature: 1)[..3])
            {
                left -= probability;
                label += left > 0 ? 1 : 0;
            }

            return label;
        }

        return new Predictions([.. truth.Select(row => row.Select(logit => 3 * logit).ToArray())], [.. Enumerable.Range(0, count).Select(Draw)]);
    }

    private static float[] OneHot(int index)
    {
        var logits = new float[3];
        logits[index] = 1;
        return logits;
    }
}
