namespace Serverless.Local;

/// <summary>Detects the end of standard input, which means that the parent process has ended, so that this program ends too.</summary>
internal static class StdinClosed
{
    /// <summary>Creates a token source that is cancelled when standard input ends or the given token is cancelled.</summary>
    public static CancellationTokenSource Link(CancellationToken cancellationToken)
    {
        var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _ = Task.Run(() => CancelAtEndAsync(ended), CancellationToken.None);
        return ended;
    }

    private static async Task CancelAtEndAsync(CancellationTokenSource ended)
    {
        try
        {
            await using var input = Console.OpenStandardInput();
            await input.CopyToAsync(Stream.Null, ended.Token);
            await ended.CancelAsync();
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // The program was stopped in another way.
        }
    }
}
