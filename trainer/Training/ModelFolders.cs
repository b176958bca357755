namespace Serverless.Trainer.Training;

/// <summary>Reads files of a model that a user names: a file that is missing or damaged is the user's to correct, not a bug.</summary>
internal static class ModelFolders
{
    /// <exception cref="UserException">A file is missing, damaged or not supported.</exception>
    public static T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new UserException(exception.Message, exception);
        }
    }
}
