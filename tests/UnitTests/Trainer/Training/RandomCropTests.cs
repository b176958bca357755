using Serverless.Trainer.Training;

namespace Serverless.UnitTests.Trainer.Training;

public sealed class RandomCropTests
{
    private static readonly int[] Article = [.. Enumerable.Range(100, 60)];

    [Fact]
    public void A_part_is_contiguous_begins_as_the_text_does_and_has_eight_tokens_or_more()
    {
        var spans = new RandomCrop(1, seed: 1, step: 5);

        Assert.All(Enumerable.Range(0, 1000).Select(_ => spans.Apply(Article)), part =>
        {
            Assert.Equal(100, part[0]);
            Assert.InRange(part.Length, 9, 60);
            Assert.Equal(Enumerable.Range(part[1], part.Length - 1), part[1..]);
            Assert.InRange(part[^1], 100, 159);
        });
    }

    [Fact]
    public void About_the_given_share_of_the_articles_is_cut()
    {
        var spans = new RandomCrop(0.3, seed: 1, step: 5);

        Assert.InRange(Enumerable.Range(0, 1000).Count(_ => spans.Apply(Article).Length < 60), 230, 350);
    }

    [Fact]
    public void The_same_step_reads_the_same_parts_and_another_step_others()
    {
        int[][] Parts(int step)
        {
            var spans = new RandomCrop(1, seed: 1, step);
            return [.. Enumerable.Range(0, 10).Select(_ => spans.Apply(Article))];
        }

        Assert.Equal(Parts(5), Parts(5));
        Assert.NotEqual(Parts(5), Parts(6));
    }

    [Fact]
    public void A_short_text_is_read_whole() => Assert.Equal(Article[..9], new RandomCrop(1, seed: 1, step: 5).Apply(Article[..9]));
}
