namespace Serverless.Trainer.Training;

/// <summary>
/// Dynamic loss scaling for fp16, whose smallest gradients would be zero: the loss is multiplied before the backward pass and
/// the gradient divided after it. An overflow halves the scale and skips the step; 2,000 clean steps double it.
/// </summary>
internal sealed class LossScaler(bool enabled)
{
    private const int StepsToGrow = 2000;

    // Halving 65536 this often leaves a scale under 1/1000: the loss itself overflows, scaling cannot help.
    private const int MostSkipsInARow = 26;

    private int cleanSteps;
    private int skipsInARow;

    public double Scale { get; private set; } = enabled ? 65536 : 1;

    public int Skipped { get; private set; }

    /// <summary>Whether the step may be taken.</summary>
    /// <exception cref="TrainingDivergedException">The loss is not a number, and no scale mends that.</exception>
    public bool Accept(double gradientNorm, int step)
    {
        if (double.IsFinite(gradientNorm))
        {
            skipsInARow = 0;
            if (enabled && ++cleanSteps == StepsToGrow)
            {
                Scale *= 2;
                cleanSteps = 0;
            }

            return true;
        }

        if (!enabled || ++skipsInARow > MostSkipsInARow)
        {
            throw new TrainingDivergedException(step);
        }

        Scale /= 2;
        cleanSteps = 0;
        Skipped++;
        return false;
    }
}

internal sealed class TrainingDivergedException(int step) : Exception(
    $"The gradient is not finite at step {step}: the training diverged. Lower --learning-rate or raise --warmup-ratio; " +
    "if --precision is fp16, try bf16 or fp32.");
