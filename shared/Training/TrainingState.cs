namespace Serverless.Training;

public enum TrainingState
{
    Queued,
    Running,

    /// <summary>The new version passed the gate and serves.</summary>
    Published,

    /// <summary>The data set could not be used, or the gate found the new version worse; see the reason.</summary>
    Refused,

    /// <summary>The training did not finish; see the reason.</summary>
    Failed,
}
