using Serverless.Trainer.Training;

namespace Serverless.UnitTests.Trainer.Training;

public sealed class TokenDropoutTests
{
    private static readonly int[] Article = [.. Enumerable.Range(100, 1000)];

    [Fact]
    public void About_the_given_share_of_the_tokens_is_left_out_and_the_rest_keeps_its_order()
    {
        var kept = new TokenDropout(0.2, seed: 1, step: 5).Apply(Article);

        Assert.InRange(kept.Length, 750, 850);
        Assert.Equal(100, kept[0]);
        Assert.Equal(kept.Order(), kept);
    }

    [Fact]
    public void The_same_step_drops_the_same_tokens_and_another_step_others()
    {
        var first = new TokenDropout(0.2, seed: 1, step: 5).Apply(Article);

        Assert.Equal(first, new TokenDropout(0.2, seed: 1, step: 5).Apply(Article));
        Assert.NotEqual(first, new TokenDropout(0.2, seed: 1, step: 6).Apply(Article));
    }

    [Fact]
    public void The_token_that_begins_the_text_always_stays()
    {
        var dropout = new TokenDropout(0.9, seed: 1, step: 5);

        Assert.All(Enumerable.Range(0, 100), _ => Assert.Equal(7, dropout.Apply([7, 8])[0]));
    }
}
