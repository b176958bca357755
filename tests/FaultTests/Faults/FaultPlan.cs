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

    /// <summary>The connection is cut before the request is forwarded.</summary>
    Reset,

    /// <summary>No response for a long time, then the connection is cut; the request is not forwarded.</summary>
    NoResponse,

    /// <summary>Storage processes the request, and the response is lost.</summary>
    ResponseLost,

    /// <summary>Half of the response is sent, then the connection is cut.</summary>
    Truncated,

    /// <summary>The response is delayed.</summary>
    Stalled,
}

/// <summary>Selects the fault of each request from a seed, so that a run can be repeated, except for the order of the requests.</summary>
/// <param name="rate">The share of requests with a fault.</param>
/// <param name="delay">How long <see cref="Fault.NoResponse"/> and <see cref="Fault.Stalled"/> last.</param>
internal sealed class FaultPlan(int seed, double rate, TimeSpan delay)
{
    private static readonly Fault[] All = [.. Enum.GetValues<Fault>().Where(fault => fault != Fault.None)];

    private readonly Random random = new(seed);

    public TimeSpan Delay { get; } = delay;

    /// <summary>The only fault to inject; null for all.</summary>
    public Fault? Only { get; init; }

    public Fault Next()
    {
        lock (random)
        {
            var isFaulty = random.NextDouble() < rate;
            var selected = All[random.Next(All.Length)];
            return isFaulty ? Only ?? selected : Fault.None;
        }
    }
}
