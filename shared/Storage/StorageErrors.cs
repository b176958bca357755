using Azure;

namespace Serverless.Storage;

/// <summary>Recognizes and describes errors of the storage clients.</summary>
/// <remarks>A client throws a RequestFailedException, or an AggregateException of all attempts when its own retries are exhausted.</remarks>
public static class StorageErrors
{
    public static bool IsStorageError(Exception exception) => exception switch
    {
        RequestFailedException => true,
        AggregateException { InnerExceptions: { Count: > 0 } attempts } => attempts.All(IsAttempt),
        _ => false,
    };

    /// <summary>Whether storage has rejected the request, so that another attempt cannot succeed.</summary>
    public static bool IsPermanent(Exception exception) => exception is RequestFailedException { Status: >= 400 and < 500 and not 408 and not 429 };

    /// <summary>Whether storage cannot store this content, because it is too large or has a form that is not valid.</summary>
    public static bool IsRejectedContent(Exception exception) => exception is RequestFailedException { Status: 400 or 413 };

    /// <summary>One sentence for people. Exceptions that are not storage errors keep their message.</summary>
    /// <remarks>The clients' own messages hold whole HTTP responses, or the same sentence once for each retry.</remarks>
    public static string Describe(Exception exception) => exception switch
    {
        AggregateException { InnerExceptions: { Count: > 0 } attempts } when IsStorageError(exception) => DescribeAttempt(attempts[^1]),
        RequestFailedException { Status: > 0 } failed => $"Storage returned {failed.Status}{Code(failed)}: {FirstLine(failed.Message)}",
        RequestFailedException => $"Storage cannot be reached: {FirstLine(exception.Message)}",
        _ => exception.Message,
    };

    private static bool IsAttempt(Exception exception) => IsStorageError(exception) || exception is OperationCanceledException or IOException;

    private static string DescribeAttempt(Exception exception) => exception switch
    {
        OperationCanceledException => "Storage did not respond in time.",
        IOException => $"Storage cannot be reached: {FirstLine(exception.Message)}",
        _ => Describe(exception),
    };

    private static string Code(RequestFailedException exception) => exception.ErrorCode is { } code ? $" ({code})" : "";

    private static string FirstLine(string message) => message.Split('\n', 2)[0].TrimEnd('\r', '.') + ".";
}
