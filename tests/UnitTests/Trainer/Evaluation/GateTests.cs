using Serverless.Trainer.Evaluation;

namespace Serverless.UnitTests.Trainer.Evaluation;

public sealed class GateTests
{
    private static readonly string[] Labels = ["a", "b"];

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(5, 0, 1.0 / 32)]
    [InlineData(0, 5, 1)]
    [InlineData(4, 1, 6.0 / 32)]
    [InlineData(8, 2, 56.0 / 1024)]
    [InlineData(9, 1, 11.0 / 1024)]
    public void The_p_value_is_the_exact_binomial_tail(int losses, int wins, double expected) =>
        Assert.Equal(expected, McNemarTest.OneSided(losses, wins), 12);

    [Fact]
    public void The_p_value_stays_exact_for_thousands_of_rows()
    {
        // P(X >= n/2) of an even number of tosses is a half plus half of the middle term: about 0.5 + 0.3989 / sqrt(n).
        Assert.Equal(0.5 + (0.39894 / Math.Sqrt(10_000)), McNemarTest.OneSided(5000, 5000), 4);
        Assert.Equal(0.0228, McNemarTest.OneSided(5100, 4900), 2e-3);
    }

    [Fact]
    public void A_version_that_is_shown_to_be_worse_is_refused()
    {
        var verdict = Judge(losses: 15, wins: 3, bothRight: 300);

        Assert.False(verdict.Passed);
        Assert.Equal((318, 15, 3), (verdict.Compared, verdict.Losses, verdict.Wins));
        Assert.DoesNotContain("weak", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_version_that_is_a_little_worse_by_chance_passes() => Assert.True(Judge(losses: 8, wins: 4, bothRight: 300).Passed);

    [Fact]
    public void A_better_version_passes() => Assert.True(Judge(losses: 3, wins: 15, bothRight: 300).Passed);

    [Fact]
    public void Under_two_hundred_rows_the_report_says_that_the_gate_is_weak() =>
        Assert.Contains("The gate is weak", Judge(losses: 1, wins: 1, bothRight: 197).Reason, StringComparison.Ordinal);

    [Fact]
    public void Rows_of_a_new_label_are_not_held_against_the_serving_version()
    {
        PairedPrediction[] rows = [.. Enumerable.Repeat(new PairedPrediction("a", "a", "a"), 20), new("a", "b", "a"), new("new", "new", "a"), new("new", "new", "b")];

        var verdict = Gate.Evaluate(rows, ["a", "b", "new"], Labels, "v1");

        Assert.Equal((true, 21, 1, 0), (verdict.Passed, verdict.Compared, verdict.Losses, verdict.Wins));
        Assert.EndsWith("Labels that only the new version knows: new. Labels that no held-out row has: b.", verdict.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a,b", "a,b,y,x", "Not published: it lacks the labels x, y that version v1 has; promote it if that is meant. Of 300 ")]
    [InlineData("a,b,z", "a,b,x", "Not published: it lacks the label x that version v1 has; promote it if that is meant. Of 300 ")]
    [InlineData("a,b", "x,y", "Not published: it lacks the labels x, y that version v1 has; promote it if that is meant. Nothing was compared.")]
    public void A_version_that_lacks_labels_does_not_pass_however_good_it_is(string labels, string serving, string reason)
    {
        PairedPrediction[] rows = [.. Enumerable.Repeat(new PairedPrediction("a", "a", "b"), 300)];

        var verdict = Gate.Evaluate(rows, labels.Split(','), serving.Split(','), "v1");

        Assert.False(verdict.Passed);
        Assert.StartsWith(reason, verdict.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(19, false)]
    [InlineData(20, true)]
    public void A_version_that_too_few_rows_compare_does_not_pass(int compared, bool passes)
    {
        var verdict = Judge(losses: 0, wins: 0, bothRight: compared);

        Assert.Equal(passes, verdict.Passed);
        Assert.Equal(!passes, verdict.Reason.StartsWith("Not published: 19 held-out rows compare it with version v1, and at least 20", StringComparison.Ordinal));
    }

    [Fact]
    public void With_the_fewest_rows_a_guess_between_two_labels_is_mostly_refused()
    {
        // The serving version is right in 90 %, the new one in 50 %; the remark of Gate.MinRows has the exact shares.
        var random = new Random(1);
        string Answer(double accuracy) => random.NextDouble() < accuracy ? "a" : "b";
        double Refused(int count) => Enumerable.Range(0, 2000).Count(_ => Gate.Evaluate(
            [.. Enumerable.Range(0, count).Select(_ => new PairedPrediction("a", Answer(0.5), Answer(0.9)))], Labels, Labels, "v1").PValue < Gate.Significance) / 2000.0;

        Assert.InRange(Refused(Gate.MinRows), 0.75, 0.83);
        Assert.InRange(Refused(10), 0.31, 0.39);
        Assert.Equal(0, Refused(4));
    }

    private static GateVerdict Judge(int losses, int wins, int bothRight) => Gate.Evaluate(
        [
            .. Enumerable.Repeat(new PairedPrediction("a", "b", "a"), losses),
            .. Enumerable.Repeat(new PairedPrediction("a", "a", "b"), wins),
            .. Enumerable.Repeat(new PairedPrediction("b", "b", "b"), bothRight),
        ],
        Labels,
        Labels,
        "v1");
}
