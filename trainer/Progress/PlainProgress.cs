using System.Globalization;
using Serverless.Trainer.Training;

namespace Serverless.Trainer.Progress;

/// <summary>One line every so many steps and one for each evaluation: for logs and pipes.</summary>
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
            log.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"step {value.Step}/{value.Steps}  loss {lossSum / lossSteps:0.000}  lr {value.LearningRate:0.0e+0}  " +
                $"{value.ArticlesPerSecond:0} articles/s  {value.Remaining:h\\:mm\\:ss} left"));
            (lossSum, lossSteps) = (0, 0);
        }

        if (value.Evaluation is { } evaluation)
        {
            log.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"step {evaluation.Step}/{value.Steps}  held-out loss {evaluation.Loss:0.000}  accuracy {evaluation.Accuracy:0.0000}"));
        }
    }
}
