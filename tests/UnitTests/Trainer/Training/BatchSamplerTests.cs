

using Serverless.Trainer.Training;

namespace Serverless.UnitTests.Trainer.Training;

public sealed class BatchSamplerTests
{
    private static readonly TrainOptions Options = new() { PerDeviceTrainBatchSize = 8, GradientAccumulationSteps = 2 };

    [Theory]
    [InlineData(1600, 1, 0, 100)]
    [InlineData(1601, 1, 0, 101)]
    [InlineData(1600, 2.5, 0, 250)]
    [InlineData(20, 1, 60, 60)]
    public void It_has_the_steps_of_the_epochs_but_never_fewer_than_the_least(int rows, double epochs, int minSteps, int expected)
    {
        var sampler = new BatchSampler(Lengths(rows), Options with { NumTrainEpochs = epochs, MinSteps = minSteps });

        Assert.Equal(expected, sampler.Count);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(250)]
    [InlineData(3333)]
    public void Every_step_has_the_same_number_of_articles(int rows)
    {
        var sampler = new BatchSampler(Lengths(rows), Options with { MinSteps = 30 });

        Assert.All(Enumerable.Range(0, sampler.Count), step => Assert.Equal(16, sampler.Articles(step).Count));
    }

    [Fact]
    public void One_epoch_visits_every_article_once()
    {
        var sampler = new BatchSampler(Lengths(1600), Options);

        Assert.Equal(Enumerable.Range(0, 1600), Enumerable.Range(0, sampler.Count).SelectMany(sampler.Articles).Order());
    }

    [Fact]
    public void Steps_have_few_lengths_and_about_as_many_tokens_shortest_article_first()
    {
        var lengths = Lengths(8000); // from 5 to 127 tokens
        var sampler = new BatchSampler(lengths, Options);

        var steps = Enumerable.Range(0, sampler.Count).Select(step => sampler.Articles(step).Select(article => lengths[article]).ToArray()).ToArray();

        Assert.All(steps, step => Assert.Equal(step.Order(), step));
        Assert.All(steps, step => Assert.InRange(step.Average(), 60, 72));
        Assert.InRange(steps.Average(step => step.Distinct().Count()), 2, 6);
    }

    [Fact]
    public void The_same_seed_gives_the_same_plan_and_another_seed_another()
    {
        int[] First(int seed) => [.. new BatchSampler(Lengths(640), Options with { Seed = seed }).Articles(0)];

        Assert.Equal(First(1), First(1));
        Assert.NotEqual(First(1), First(2));
    }

    [Fact]
    public void The_learning_rate_rises_in_the_warm_up_and_falls_to_zero()
    {
        var rates = Enumerable.Range(0, 10).Select(step => LinearSchedule.LearningRate(step, 10, 1, 0.2)).ToArray();

        Assert.Equal([1.0 / 3, 2.0 / 3, 1, 7.0 / 8, 6.0 / 8, 5.0 / 8, 4.0 / 8, 3.0 / 8, 2.0 / 8, 1.0 / 8], rates);
        Assert.Equal(5e-5, LinearSchedule.LearningRate(0, 3750, 5e-5, 0));
    }

    private static int[] Lengths(int rows)
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, rows).Select(_ => random.Next(5, 128))];
    }
}
