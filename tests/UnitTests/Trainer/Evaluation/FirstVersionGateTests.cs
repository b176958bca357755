using Serverless.Trainer.Evaluation;

namespace Serverless.UnitTests.Trainer.Evaluation;

/// <summary>The gate of a first version: it must beat the most frequent label.</summary>
public sealed class FirstVersionGateTests
{
    [Theory]
    [InlineData(60, 40, 3, 20, true)] // 20 wins, 3 losses
    [InlineData(60, 40, 0, 5, true)] // 1/32
    [InlineData(60, 40, 0, 4, false)] // 1/16
    [InlineData(60, 40, 12, 14, false)]
    [InlineData(60, 40, 0, 0, false)] // it answers the most frequent label only
    [InlineData(0, 40, 0, 5, true)] // no held-out row has the label that is the most frequent one in training
    public void A_first_version_passes_if_it_is_shown_to_be_better(int frequent, int others, int losses, int wins, bool passes)
    {
        var verdict = Judge(frequent, others, losses, wins);

        Assert.Equal((passes, frequent + others, losses, wins), (verdict.Passed, verdict.Compared, verdict.Losses, verdict.Wins));
        Assert.Equal(McNemarTest.OneSided(wins, losses), verdict.PValue);
    }

    [Fact]
    public void The_reason_has_the_figures_of_both_and_what_to_do()
    {
        Assert.Equal(
            "There is no serving version to compare with. It is right in 77 of 100 held-out rows; 'World', the most frequent label, " +
            "given to every article would be right in 60 (McNemar, one-sided, p = 0.0002).",
            Judge(frequent: 60, others: 40, losses: 3, wins: 20).Reason);
        Assert.Equal(
            "Not published: it is not shown to be better than the most frequent label: it is right in 62 of 100 held-out rows; 'World', " +
            "the most frequent label, given to every article would be right in 60 (McNemar, one-sided, p = 0.4225). Promote it if that is meant, or add rows.",
            Judge(frequent: 60, others: 40, losses: 12, wins: 14).Reason);
    }

    [Theory]
    [InlineData(9, 10)]
    [InlineData(200, 6)]
    public void With_too_few_rows_to_tell_it_is_published_and_says_so(int frequent, int others)
    {
        var verdict = Judge(frequent, others, losses: 0, wins: 0);

        Assert.True(verdict.Passed);
        Assert.EndsWith(
            $"Too few rows are held out to tell whether it is better than the most frequent label, 'World', for every article: {frequent + others}, " +
            $"of which {others} have another label.",
            verdict.Reason,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Seven_rows_of_other_labels_show_a_good_version_mostly()
    {
        // The remark of MinOtherRows has the exact shares.
        double Shown(int others) => Enumerable.Range(0, others + 1).Where(wins => McNemarTest.OneSided(wins, 0) < Gate.Significance)
            .Sum(wins => Choose(others, wins) * Math.Pow(0.8, wins) * Math.Pow(0.2, others - wins));

        Assert.Equal([0.85, 0.66, 0.33, 0], new[] { FirstVersionGate.MinOtherRows, 6, 5, 4 }.Select(others => Math.Round(Shown(others), 2)));
    }

    private static double Choose(int n, int k) => Enumerable.Range(1, k).Aggregate(1.0, (product, i) => product * (n - k + i) / i);

    private static GateVerdict Judge(int frequent, int others, int losses, int wins) => FirstVersionGate.Evaluate(
        [
            .. Enumerable.Repeat(("World", "Sports"), losses),
            .. Enumerable.Repeat(("World", "World"), frequent - losses),
            .. Enumerable.Repeat(("Sports", "Sports"), wins),
            .. Enumerable.Repeat(("Sports", "World"), others - wins),
        ],
        "World");
}
