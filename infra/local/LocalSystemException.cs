namespace Serverless.Local;

/// <summary>An error that the user can fix. Only its message is shown.</summary>
internal sealed class LocalSystemException(string message) : Exception(message);
