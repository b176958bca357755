using Serverless.Trainer.Evaluation;

namespace Serverless.UnitTests.Trainer.Evaluation;

/// <summary>The part of the gate that guards each label.</summary>
public sealed class LabelComparisonTests
{
    private static readonly string[] Labels = ["common", "rare", "other", "few"];

    [Fact]
    public void P_values_are_corrected_by_Holm_as_in_statsmodels()
    {
        // multipletests([1/1024, 1/256, 1/64], method="holm")
        PairedPrediction[] rows = [.. Rows("common", 30, losses: 10), .. Rows("other", 30, losses: 6), .. Rows("rare", 30, losses: 8)];

        var compared = LabelComparison.Compute(rows, Labels);

        Assert.Equal(["common", "rare", "other"], compared.Select(label => label.Label));
        Assert.Equal([3.0 / 1024, 2.0 / 256, 1.0 / 64], compared.Select(label => Math.Round(label.PValue, 12)));
        Assert.Equal((30, 30, 20), (compared[0].Rows, compared[0].ServingCorrect, compared[0].NewCorrect));
    }

    [Fact]
    public void A_corrected_p_value_is_not_below_that_of_a_smaller_one_nor_above_one()
    {
        PairedPrediction[] rows = [.. Rows("common", 30, losses: 5), .. Rows("other", 30, losses: 5), .. Rows("rare", 30, losses: 0)];

        Assert.Equal([3.0 / 32, 3.0 / 32, 1.0], LabelComparison.Compute(rows, Labels).Select(label => Math.Round(label.PValue, 12)));
    }

    [Fact]
    public void A_version_that_lost_a_rare_label_does_not_pass_however_accurate_it_is()
    {
        PairedPrediction[] rows = [.. Rows("common", 500, wins: 60), .. Rows("rare", 40, losses: 18, wins: 2)];

        var verdict = Gate.Evaluate(rows, Labels, Labels, "v1");

        Assert.False(verdict.Passed);
        Assert.True(verdict.Wins > verdict.Losses);
        Assert.StartsWith(
            "Not published: it recognises 'rare' in 22 of 40 held-out rows and version v1 in 38 (p = 0.0004), after Holm's correction for the number of labels; " +
            "promote it if that is meant. Of 540 held-out rows the new version loses 18 and wins 62: not shown to be worse",
            verdict.Reason,
            StringComparison.Ordinal);
        Assert.Equal(["rare", "common"], verdict.Labels!.Select(label => label.Label));
    }

    [Theory]
    [InlineData(20, 12, false)]
    [InlineData(19, 12, true)] // too few rows of the label
    [InlineData(40, 5, true)] // 1/32 for one label, 1/16 for two
    public void Only_a_significant_loss_of_a_label_with_twenty_rows_holds_a_version_back(int rows, int losses, bool passes)
    {
        PairedPrediction[] all = [.. Rows("common", 500, wins: 60), .. Rows("rare", rows, losses: losses)];

        Assert.Equal(passes, Gate.Evaluate(all, Labels, Labels, "v1").Passed);
    }

    [Fact]
    public void Of_versions_that_are_equally_good_the_guard_refuses_at_most_a_twentieth()
    {
        var random = new Random(1);
        PairedPrediction Row(string label) => new(label, Answer(label), Answer(label));
        string Answer(string label) => random.NextDouble() < 0.8 ? label : "none";

        var refused = Enumerable.Range(0, 1000).Count(_ =>
            LabelComparison.Compute([.. Labels.SelectMany(label => Enumerable.Repeat(label, 40)).Select(Row)], Labels)[0].PValue < Gate.Significance);

        Assert.InRange(refused, 1, 50);
    }

    /// <summary>Rows of one label that both versions recognise, but for losses and wins of the new one.</summary>
    private static IEnumerable<PairedPrediction> Rows(string label, int count, int losses = 0, int wins = 0) =>
    [
        .. Enumerable.Repeat(new PairedPrediction(label, "none", label), losses),
        .. Enumerable.Repeat(new PairedPrediction(label, label, "none"), wins),
        .. Enumerable.Repeat(new PairedPrediction(label, label, label), count - losses - wins),
    ];
}
