namespace Serverless;

/// <summary>An error that the user can correct: the message says what is wrong, where, and what to do.</summary>
public class UserException(string message, Exception? innerException = null) : Exception(message, innerException);
