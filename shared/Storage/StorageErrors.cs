using Azure;

namespace Serverless.Storage;

/// <summary>
/// What the storage clients throw when storage fails: one answer that says so, or, once their own retries are used up, all the
/// exceptions of these in one.
/// </summary>
public static class StorageErrors
{
    public static bool IsStorageError(Exception exception) => exception switch
    {
        RequestFailedException => true,
        AggregateException { InnerExceptions: { Count: > 0 } attempts } => attempts.All(attempt => IsStorageError(attempt) || attempt is OperationCanceledException or IOException),
        _ => false,
    };

    /// <summary>True when storage has understood the request and will never grant it: another try cannot help.</summary>
    public static bool IsPermanent(Exception exception) => exception is RequestFailedException { Status: >= 400 and < 500 and not 408 and not 429 };

    /// <summary>One sentence for people; the clients' own messages hold whole answers, or the same sentence once for each retry. Other exceptions speak for themselves.</summary>
    public static string Describe(Exception exception) => exception switch
    {
        AggregateException { InnerExceptions: { Count: > 0 } attempts } when IsStorageError(exception) => attempts[^1] switch
        {
            OperationCanceledException => "Storage did not answer in time.",
            IOException broken => $"Storage cannot be reached: {FirstLine(broken.Message)}",
            var last => Describe(last),
        },
        RequestFailedException { Status: > 0 } answer =>
            $"Storage answered {answer.Status}{(answer.ErrorCode is { } code ? $" ({code})" : "")}: {FirstLine(answer.Message)}",
        RequestFailedException => $"Storage cannot be reached: {FirstLine(exception.Message)}",
        _ => exception.Message,
    };

    private static string FirstLine(string message) => message.Split('\n', 2)[0].TrimEnd('\r', '.') + ".";
}
