using System.Net.Sockets;
using Azure;
using Serverless.Serving;

namespace Serverless.UnitTests.Serving;

/// <summary>Which errors of a load let another version serve, and after which the same one is tried again.</summary>
public sealed class VersionErrorsTests
{
    public static TheoryData<Exception> Permanent { get; } =
    [
        new InvalidDataException("damaged"),
        new RequestFailedException(404, "BlobNotFound"),
        new RequestFailedException(400, "InvalidUri"),
        new RequestFailedException(409, "BlobArchived"),
        new ArgumentException("Null character in path."),
        new PathTooLongException("name"),
        new IOException("No space left on device"),
        new NotSupportedException("a setting"),
        new OverflowException("number"),
    ];

    public static TheoryData<Exception> Transient { get; } =
    [
        new RequestFailedException(503, "ServerBusy"),
        new RequestFailedException(429, "Throttled"),
        new RequestFailedException(0, "no connection"),
        new RequestFailedException(403, "AuthorizationPermissionMismatch"),
        new AggregateException(new RequestFailedException(500, "a"), new RequestFailedException(500, "b")),
        new IOException("reset", new SocketException(104)),
        new TaskCanceledException("stopping"),
    ];

    [Theory]
    [MemberData(nameof(Permanent))]
    public void An_error_that_stays_is_one_of_the_version(Exception exception) => Assert.True(VersionErrors.IsPermanent(exception));

    [Theory]
    [MemberData(nameof(Transient))]
    public void An_error_of_storage_is_not_one_of_the_version(Exception exception) => Assert.False(VersionErrors.IsPermanent(exception));
}
