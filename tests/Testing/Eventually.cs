using System.Runtime.CompilerServices;

namespace Serverless.Testing;

/// <summary>Waits for what happens in the background, and fails the test after a timeout.</summary>
public static class Eventually
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(2);

    /// <param name="find">Tried until it returns something.</param>
    /// <param name="what">What is waited for, for the message of the failure.</param>
    /// <param name="timeout">Two minutes unless given.</param>
    public static async Task<T> GetAsync<T>(Func<Task<T?>> find, Func<string> what, TimeSpan? timeout = null)
        where T : class
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (await find() is { } found)
            {
                return found;
            }

            var waited = TimeProvider.System.GetElapsedTime(started);
            Assert.True(waited < (timeout ?? DefaultTimeout), $"Waited {waited.TotalSeconds:0} s for {what()}.");
            await Task.Delay(PollInterval, TestContext.Current.CancellationToken);
        }
    }

    public static Task<T> GetAsync<T>(Func<Task<T?>> find, string what, TimeSpan? timeout = null)
        where T : class => GetAsync(find, () => what, timeout);

    public static async Task TrueAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "", TimeSpan? timeout = null) =>
        await GetAsync(async () => await condition() ? what : null, what, timeout);

    public static Task TrueAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "", TimeSpan? timeout = null) =>
        TrueAsync(() => Task.FromResult(condition()), what, timeout);
}
