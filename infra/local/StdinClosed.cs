namespace Serverless.Local;

/// <summary>The end of standard input, which comes when the program that started this one dies: so this one never outlives it.</summary>
internal static class StdinClosed
{
    /// <summary>A token that is cancelled when standard input ends, or with the given one.</summary>
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
            // The program ends for another reason.
        }
    }
}
