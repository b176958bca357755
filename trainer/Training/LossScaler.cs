namespace Serverless.Trainer.Training;

/// <summary>
/// Dynamic loss scaling for fp16, in which the smallest gradients would underflow to zero: the loss is multiplied before the
/// backward pass and the gradient is divided after it. An overflow halves the scale and skips the step; 2,000 steps without an
/// overflow double it.
/// </summary>
internal sealed class LossScaler(bool enabled)
{
    private const int StepsToGrow = 2000;

    // Halving 65536 this often gives a scale below 1/1000: the loss itself overflows, and scaling cannot help.
    private const int MaxConsecutiveSkips = 26;

    /// <summary>The current scale and its counters; set when a checkpoint is resumed.</summary>
    public LossScale State { get; set; } = new(enabled ? 65536 : 1, CleanSteps: 0, SkipsInARow: 0, Skipped: 0);

    public double Scale => State.Scale;

    /// <summary>Steps that were skipped because of an overflow.</summary>
    public int Skipped => State.Skipped;

    /// <summary>Updates the scale, and returns whether the optimizer step may be taken.</summary>
    /// <exception cref="TrainingDivergedException">The loss is not finite, and a lower scale cannot help.</exception>
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

/// <summary>The state of a <see cref="LossScaler"/>, as a checkpoint stores it.</summary>
internal sealed record LossScale(double Scale, int CleanSteps, int SkipsInARow, int Skipped);
