namespace Serverless.Trainer.Training;

/// <summary>
/// Dynamic loss scaling for fp16, whose smallest gradients would be zero: the loss is multiplied before the backward pass and
/// the gradient divided after it. An overflow halves the scale and skips the step; 2,000 clean steps double it.
/// </summary>
internal sealed class LossScaler(bool enabled)
{
    private const int StepsToGrow = 2000;

    // Halving 65536 this often leaves a scale under 1/1000: the loss itself overflows, scaling cannot help.
    private const int MaxConsecutiveSkips = 26;

    /// <summary>Set when a checkpoint is resumed.</summary>
    public LossScale State { get; set; } = new(enabled ? 65536 : 1, CleanSteps: 0, SkipsInARow: 0, Skipped: 0);

    public double Scale => State.Scale;

    /// <summary>Steps that an overflow cost.</summary>
    public int Skipped => State.Skipped;

    /// <summary>Whether the step may be taken.</summary>
    /// <exception cref="TrainingDivergedException">The loss is not a number, and no scale mends that.</exception>
    public bool Accept(double gradientNorm, int step)
    {
        if (double.IsFinite(gradientNorm))
        {
            State = enabled && State.CleanSteps + 1 == StepsToGrow
                ? State with { Scale = State.Scale * 2, CleanSteps = 0, SkipsInARow = 0 }
                : State with { CleanSteps = State.CleanSteps + 1, SkipsInARow = 0 };
            return true;
        }

        if (!enabled || State.SkipsInARow == MaxConsecutiveSkips)
        {
            throw new TrainingDivergedException(step);
        }

        State = new LossScale(State.Scale / 2, CleanSteps: 0, State.SkipsInARow + 1, State.Skipped + 1);
        return false;
    }
}

/// <summary>What a <see cref="LossScaler"/> remembers.</summary>
internal sealed record LossScale(double Scale, int CleanSteps, int SkipsInARow, int Skipped);

internal sealed class TrainingDivergedException(int step) : Exception(
    $"The gradient is not finite at step {step}: the training diverged. Lower --learning-rate or raise --warmup-ratio; " +
    "if --precision is fp16, try bf16 or fp32.");
