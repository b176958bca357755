namespace Serverless.FaultTests.Faults;

internal enum Fault
{
    None,

    /// <summary>500.</summary>
    ServerError,

    /// <summary>503 with Retry-After.</summary>
    Busy,

    /// <summary>429 with Retry-After.</summary>
    Throttled,

    /// <summary>The connection is cut before storage hears of the request.</summary>
    Reset,

    /// <summary>No answer for a long time, then the connection is cut; storage never heard of the request.</summary>
    NoAnswer,

    /// <summary>Storage does what it is asked, and the answer is lost.</summary>
    AnswerLost,

    /// <summary>Half of the answer comes, then the connection is cut.</summary>
    Truncated,

    /// <summary>The answer comes late.</summary>
    Stalled,
}

/// <summary>Which requests meet which fault: drawn from a seed, so that a run can be repeated (up to the order in which requests come).</summary>
/// <param name="rate">Share of the requests that meet a fault.</param>
/// <param name="silence">How long <see cref="Fault.NoAnswer"/> and <see cref="Fault.Stalled"/> last.</param>
internal sealed class FaultPlan(int seed, double rate, TimeSpan silence)
{
    private static readonly Fault[] All = [.. Enum.GetValues<Fault>().Where(fault => fault != Fault.None)];

    private readonly Random random = new(seed);

    public TimeSpan Silence { get; } = silence;

    /// <summary>The only fault that there is, if one is set.</summary>
    public Fault? Only { get; init; }

    public Fault Next()
    {
        lock (random)
        {
            var meets = random.NextDouble() < rate;
            var drawn = All[random.Next(All.Length)];
            return meets ? Only ?? drawn : Fault.None;
        }
    }
}
