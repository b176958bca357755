using Serverless.Trainer.Training;

namespace Serverless.Trainer.Progress;

/// <summary>Writes one line every <c>logging_steps</c> steps and one per evaluation, for logs and pipes.</summary>
internal sealed class PlainProgress(TextWriter log, int loggingSteps) : IProgress<TrainingProgress>
{
    private double lossSum;
    private int lossSteps;

    public void Report(TrainingProgress value)
    {
        lossSum += value.Loss;
        lossSteps++;
        if (value.Step % loggingSteps == 0 || value.Step == value.Steps)
        {
            log.WriteLine(ProgressLine.Format(value, lossSum / lossSteps));
            (lossSum, lossSteps) = (0, 0);
        }

        if (value.Evaluation is { } evaluation)
        {
            log.WriteLine(ProgressLine.Format(evaluation, value.Steps));
        }
    }
}
