namespace Serverless.Trainer.Training;

/// <summary>Learning rate schedule: linear warm-up from zero, then linear decay to zero after the last step.</summary>
internal static class LinearSchedule
{
    /// <param name="step">The step, 0-based.</param>
    public static double LearningRate(int step, int steps, double peak, double warmupRatio)
    {
        var warmup = (int)Math.Ceiling(steps * warmupRatio);
        return step < warmup
            ? peak * (step + 1) / (warmup + 1)
            : peak * (steps - step) / (steps - warmup);
    }
}
