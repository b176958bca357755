namespace Serverless.Trainer.Evaluation;

/// <summary>
/// McNemar's exact test for two classifiers on the same rows. It uses only the rows on which exactly one of them is correct; if both
/// are equally good, each such row is a fair coin toss.
/// </summary>
internal static class McNemarTest
{
    /// <summary>The probability of at least <paramref name="losses"/> losses in losses + wins fair coin tosses.</summary>
    /// <param name="losses">Rows on which only the old version is correct.</param>
    /// <param name="wins">Rows on which only the new version is correct.</param>
    /// <returns>The p-value for "the new version is worse"; 1 if there are no such rows.</returns>
    public static double OneSided(int losses, int wins)
    {
        var tosses = losses + wins;
        var logChoose = 0.0; // of (tosses over k), from k = tosses downwards
        var tail = 0.0;
        for (var k = tosses; k >= losses; k--)
        {
            tail += Math.Exp(logChoose - (tosses * Math.Log(2)));
            logChoose += Math.Log(k) - Math.Log(tosses - k + 1);
        }

        return Math.Min(1, tail);
    }
}
