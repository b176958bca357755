using System.Threading.RateLimiting;
using Serverless.Storage;

namespace Serverless.Functions.Http;

/// <summary>Bounds the memory of all request bodies that are processed at once.</summary>
/// <remarks>
/// A body is parsed and tokenized in about ten times its size. Without a bound, 250 callers with 1.9 MB each took a process from 411 to
/// 1,324 MB, and its health function needed 9 seconds to respond.
/// </remarks>
public sealed class BodyMemory(int capacity = BodyMemory.DefaultCapacity) : IDisposable
{
    /// <summary>8 of the largest bodies, or 16,000 of 1 KB.</summary>
    public const int DefaultCapacity = 8 * ArticleLimits.RequestBytes;

    private readonly ConcurrencyLimiter limiter = new(new ConcurrencyLimiterOptions { PermitLimit = capacity, QueueLimit = 0 });

    /// <summary>A reservation for one body. Disposing it frees the memory.</summary>
    public BodyReservation Reserve() => new(limiter);

    public void Dispose() => limiter.Dispose();
}

/// <summary>The memory that is reserved for one body.</summary>
public sealed class BodyReservation(RateLimiter limiter) : IDisposable
{
    private const int Step = 64 * 1024;

    private readonly List<RateLimitLease> leases = [];
    private int reserved;

    /// <summary>Makes the reservation at least this large.</summary>
    /// <exception cref="ProblemException">The bodies of other requests take all the memory.</exception>
    public void Require(int bytes)
    {
        if (bytes <= reserved)
        {
            return;
        }

        // In steps, because a body without Content-Length grows with each read; a known length is reserved exactly.
        var more = reserved == 0 ? bytes : Math.Max(bytes - reserved, Step);
        var lease = limiter.AttemptAcquire(more);
        leases.Add(lease);
        if (!lease.IsAcquired)
        {
            throw new ProblemException(ProblemType.TooBusy, "Too many requests are being processed. Try again in a moment.");
        }

        reserved += more;
    }

    public void Dispose() => leases.ForEach(lease => lease.Dispose());
}
