using Serverless.Trainer.Training;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace Serverless.UnitTests.Trainer.Training;

public sealed class AdamWTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    public void It_takes_the_same_steps_as_the_optimizer_of_the_library(double weightDecay)
    {
        using var scope = NewDisposeScope();
        var (ours, theirs) = (Parameters(), Parameters());
        using var flat = new AdamW(ours, weightDecay);
        using var reference = optim.AdamW(theirs, lr: 0.01, weight_decay: weightDecay);

        for (var step = 0; step < 20; step++)
        {
            flat.ZeroGradient();
            Loss(ours).backward();
            flat.Step(0.01);

            reference.zero_grad();
            Loss(theirs).backward();
            reference.step();
        }

        Assert.All(ours.Zip(theirs), pair => Assert.True(allclose(pair.First, pair.Second, rtol: 1e-5, atol: 1e-6)));
    }

    [Fact]
    public void A_long_gradient_is_scaled_to_the_norm_and_a_short_one_left_alone()
    {
        using var scope = NewDisposeScope();
        var parameters = Parameters();
        using var optimizer = new AdamW(parameters, 0);
        Loss(parameters).backward();

        var norm = optimizer.ClipGradient(1);
        var clipped = optimizer.ClipGradient(100);

        Assert.True(norm > 1);
        Assert.Equal(1, clipped, 1e-4);
    }

    [Fact]
    public void A_loss_scale_leaves_no_trace()
    {
        using var scope = NewDisposeScope();
        var parameters = Parameters();
        using var optimizer = new AdamW(parameters, 0);
        Loss(parameters).backward();
        var plain = optimizer.ClipGradient(1000);

        optimizer.ZeroGradient();
        (Loss(parameters) * 1024).backward();

        Assert.Equal(plain, optimizer.ClipGradient(1000, lossScale: 1024), plain * 1e-5);
        Assert.Equal(plain, optimizer.ClipGradient(1000), plain * 1e-5);
    }

    [Fact]
    public void An_overflow_skips_the_step_and_halves_the_scale()
    {
        var scaler = new LossScaler(enabled: true);

        Assert.False(scaler.Accept(double.PositiveInfinity, 1));
        Assert.Equal((32768.0, 1), (scaler.Scale, scaler.Skipped));
        Assert.True(scaler.Accept(0.5, 2));
    }

    [Fact]
    public void Two_thousand_clean_steps_double_the_scale()
    {
        var scaler = new LossScaler(enabled: true);

        Assert.All(Enumerable.Range(1, 2000), step => scaler.Accept(1, step));

        Assert.Equal(131072, scaler.Scale);
    }

    [Fact]
    public void A_gradient_that_is_no_number_stops_the_training_with_what_to_change()
    {
        var fault = Assert.Throws<TrainingDivergedException>(() => new LossScaler(enabled: false).Accept(double.NaN, 17));

        Assert.Contains("step 17", fault.Message, StringComparison.Ordinal);
        Assert.Contains("--learning-rate", fault.Message, StringComparison.Ordinal);
    }

    private static Parameter[] Parameters() =>
        [new(ones(3, 2)), new(arange(0, 4, ScalarType.Float32).view(1, 4)), new(full([2, 2], -2, ScalarType.Float32))];

    private static Tensor Loss(Parameter[] parameters) =>
        parameters[0].pow(2).sum() + parameters[1].exp().sum() + parameters[2].sin().sum();
}
