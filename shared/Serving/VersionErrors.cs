using System.Net.Sockets;
using Azure;
using Serverless.Storage;

namespace Serverless.Serving;

/// <summary>Tells what is wrong with a version from what is wrong with storage or with this process.</summary>
internal static class VersionErrors
{
    /// <summary>
    /// Whether an error of a load stays, so that another version must serve: the version is damaged or not understood. False if the same version
    /// may load in a moment.
    /// </summary>
    /// <remarks>Errors of access count as errors of storage: a role assignment takes minutes to take effect, and concerns all versions alike.</remarks>
    public static bool IsPermanent(Exception exception) => exception switch
    {
        OperationCanceledException or ObjectDisposedException => false,
        HttpIOException or IOException { InnerException: SocketException } => false,
        RequestFailedException { Status: 401 or 403 or 412 } => false,
        _ when StorageErrors.IsStorageError(exception) => StorageErrors.IsPermanent(exception),
        _ => true,
    };
}
