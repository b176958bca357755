namespace Serverless;

/// <summary>An error that a person can correct. The message says what is wrong, where, and what to do.</summary>
/// <remarks>A program prints only the message. Every other exception is a bug or a fault and keeps its stack trace.</remarks>
public class UserException(string message, Exception? innerException = null) : Exception(message, innerException);
