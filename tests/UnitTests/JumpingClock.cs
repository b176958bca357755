namespace Serverless.UnitTests;

/// <summary>A clock that somebody sets forward or back while programs run; timers go on as they were.</summary>
internal sealed class JumpingClock : TimeProvider
{
    public TimeSpan Jump { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Jump;
}
