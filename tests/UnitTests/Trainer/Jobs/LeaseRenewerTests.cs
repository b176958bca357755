using Azure;
using Serverless.Trainer.Jobs;

namespace Serverless.UnitTests.Trainer.Jobs;

public sealed class LeaseRenewerTests
{
    private static readonly TimeSpan Duration = TimeSpan.FromMinutes(1);

    private int renewals;
    private Exception? exception;

    [Fact]
    public async Task An_outage_that_is_shorter_than_the_lease_ends_no_work()
    {
        // Six seconds by the fast clock: a machine that is busy must not make an outage of it.
        await using var renewer = new LeaseRenewer(Duration * 10, RenewAsync, new FastTime());
        // Nobody answers, in the words of a client that has used up its own retries.
        exception = new AggregateException(new RequestFailedException("Connection refused"), new TaskCanceledException());
        await RenewalsAsync(2);
        exception = null;

        await RenewalsAsync(2);

        Assert.False(renewer.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task What_somebody_else_has_taken_is_lost_at_once()
    {
        await using var renewer = new LeaseRenewer(Duration, RenewAsync, new FastTime());

        exception = new RequestFailedException(409, "The lease ID specified did not match");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(Duration, renewer.Lost));
    }

    [Fact]
    public async Task What_could_not_be_renewed_in_its_time_is_lost()
    {
        await using var renewer = new LeaseRenewer(Duration, RenewAsync, new FastTime());

        exception = new RequestFailedException(503, "Server busy");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(Duration, renewer.Lost));
    }

    [Fact]
    public async Task A_renewal_counts_from_when_it_was_asked_for_and_not_from_its_answer()
    {
        var clock = new FastTime();
        await using var renewer = new LeaseRenewer(Duration, _ => Task.Delay(50, CancellationToken.None), clock);

        var timeLeft = await clock.FirstReset.WaitAsync(Duration, TestContext.Current.CancellationToken);

        // Fifty milliseconds are five seconds of the fast clock.
        Assert.True(timeLeft < Duration - TimeSpan.FromSeconds(4), $"{timeLeft} are left");
    }

    private Task RenewAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref renewals);
        return exception is null ? Task.CompletedTask : Task.FromException(exception);
    }

    private async Task RenewalsAsync(int count)
    {
        for (var before = Volatile.Read(ref renewals); Volatile.Read(ref renewals) < before + count;)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
