namespace Serverless.Trainer.Evaluation;

/// <summary>
/// McNemar's exact test on two classifiers that judged the same rows. Only the rows on which exactly one of them is right
/// tell anything; if both are equally good, each such row is a fair coin.
/// </summary>
internal static class McNemarTest
{
    /// <summary>The probability of at least <paramref name="losses"/> losses in losses + wins fair coin tosses.</summary>
    /// <param name="losses">Rows that the old version has right and the new one wrong.</param>
    /// <param name="wins">Rows that the new version has right and the old one wrong.</param>
    /// <returns>The p-value of "the new one is worse"; 1 where they never differ.</returns>
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
