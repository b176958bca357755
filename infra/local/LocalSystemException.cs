namespace Serverless.Local;

/// <summary>Something that the person at the terminal can mend; the message is all they see.</summary>
internal sealed class LocalSystemException(string message) : Exception(message);
