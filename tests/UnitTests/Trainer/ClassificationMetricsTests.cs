using Serverless.Trainer.Evaluation;

namespace Serverless.UnitTests.Trainer;

public sealed class ClassificationMetricsTests
{
    private static readonly string[] Labels = ["a", "b", "c"];

    // Right label -> predicted: a->a, a->a, a->b, b->b, b->c, c->c: worked out by hand below.
    private static readonly Predictions Six = new(
        [OneHot(0), OneHot(0), OneHot(1), OneHot(1), OneHot(2), OneHot(2)], [0, 0, 0, 1, 1, 2]);

    [Fact]
    public void Accuracy_and_the_confusion_matrix_count_rows()
    {
        var metrics = ClassificationMetrics.Of(Six, Labels);

        Assert.Equal(4.0 / 6, metrics.Accuracy, 12);
        Assert.Equal([[2, 1, 0], [0, 1, 1], [0, 0, 1]], metrics.ConfusionMatrix);
    }

    [Fact]
    public void Each_label_has_its_own_precision_recall_and_f1()
    {
        var metrics = ClassificationMetrics.Of(Six, Labels);

        Assert.Equal([1, 0.5, 0.5], metrics.PerLabel.Select(label => label.Precision));
        Assert.Equal([2.0 / 3, 0.5, 1], metrics.PerLabel.Select(label => label.Recall));
        Assert.Equal([0.8, 0.5, 0.666667], metrics.PerLabel.Select(label => Math.Round(label.F1, 6)));
    }

    [Fact]
    public void The_averages_are_weighted_by_the_rows_of_each_label()
    {
        var metrics = ClassificationMetrics.Of(Six, Labels);

        Assert.Equal(((3 * 1) + (2 * 0.5) + (1 * 0.5)) / 6, metrics.Precision, 12);
        Assert.Equal(((3 * 2.0 / 3) + (2 * 0.5) + (1 * 1)) / 6, metrics.Recall, 12);
        Assert.Equal(((3 * 0.8) + (2 * 0.5) + (1 * 2.0 / 3)) / 6, metrics.F1, 12);
    }

    [Fact]
    public void A_label_that_is_never_predicted_counts_zero()
    {
        var metrics = ClassificationMetrics.Of(new Predictions([OneHot(0), OneHot(0)], [0, 1]), Labels);

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
    public void The_fitted_temperature_undoes_overconfidence()
    {
        // Logits that are three times too large for rows right nine times in ten.
        var logit = (float)(3 * Math.Log(9));
        var rows = Enumerable.Repeat(new[] { logit, 0f }, 100).ToArray();
        var predictions = new Predictions(rows, [.. Enumerable.Range(0, 100).Select(i => i % 10 == 0 ? 1 : 0)]);

        var temperature = Calibration.FitTemperature(predictions);

        Assert.Equal(3, temperature, 0.01);
        Assert.True(Calibration.ExpectedError(Calibration.Bins(predictions, temperature)) < 0.01);
        Assert.True(Calibration.ExpectedError(Calibration.Bins(predictions, 1)) > 0.09);
    }

    [Fact]
    public void Too_few_rows_leave_the_temperature_at_one() =>
        Assert.Equal(1, Calibration.FitTemperature(new Predictions([.. Enumerable.Repeat(new[] { 5f, 0f }, 49)], new int[49])));

    private static float[] OneHot(int index)
    {
        var logits = new float[3];
        logits[index] = 1;
        return logits;
    }
}
