namespace Serverless.Tests;

/// <summary>Waits for what comes by itself.</summary>
internal static class Eventually
{
    public static async Task<T> GetAsync<T>(Func<Task<T?>> find, Func<string> what, TimeSpan? patience = null)
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
            Assert.True(waited < (patience ?? TimeSpan.FromMinutes(2)), $"Waited {waited.TotalSeconds:0} s for {what()}.");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    public static Task<T> GetAsync<T>(Func<Task<T?>> find, string what, TimeSpan? patience = null)
        where T : class => GetAsync(find, () => what, patience);

    public static async Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? patience = null) =>
        await GetAsync(async () => await condition() ? what : null, () => what, patience);
}
