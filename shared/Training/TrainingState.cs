namespace Serverless.Training;

public enum TrainingState
{
    Queued,
    Running,

    /// <summary>The new version passed the gate and serves.</summary>
    Published,

    /// <summary>
    /// The data set or the settings beside it could not be used, or the gate did not let the new version serve, because it is worse, lacks labels, cannot be
    /// compared or is no better than the most frequent label; see the reason. A version that was trained waits as a candidate, which a person may promote.
    /// </summary>
    Refused,

    /// <summary>The training did not finish; see the reason.</summary>
    Failed,
}
