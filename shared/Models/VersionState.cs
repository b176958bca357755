namespace Serverless.Models;

public enum VersionState
{
    /// <summary>The pointer names it.</summary>
    Serving,

    /// <summary>It passed the gate or was promoted by a person; another version serves now.</summary>
    Published,

    /// <summary>It never served: the gate did not let it, or its training did not finish. A person may promote it.</summary>
    Candidate,

    /// <summary>It was published, but the functions could not use it; see the reason.</summary>
    Failed,
}
