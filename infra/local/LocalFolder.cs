using System.Reflection;

namespace Serverless.Local;

/// <summary>The data folder of the local system. It is ignored by git and kept between restarts; deleting it resets the system.</summary>
internal sealed record LocalFolder(string Root)
{
    /// <summary>The file name of the function key.</summary>
    public const string FunctionKeyName = "function-key";

    /// <summary>The file name of the operator key.</summary>
    public const string OperatorKeyName = "operator-key";

    /// <summary>The file name of the admin key.</summary>
    public const string AdminKeyName = "admin-key";

    // EWOULDBLOCK: the file is locked.
    private const int LockedByAnother = 11;

    public static string Repository { get; } = Metadata(nameof(Repository));

    /// <summary>The trainer's program, which is built together with this one.</summary>
    public static string Trainer { get; } = Metadata(nameof(Trainer));

    /// <summary>The folder of the function app, which is built together with this program.</summary>
    public static string FunctionApp { get; } = Metadata(nameof(FunctionApp));

    public static string Default { get; } = Path.Combine(Repository, ".local");

    /// <summary>Blobs, queues and tables.</summary>
    public string Emulator => Path.Combine(Root, "emulator");

    public string Logs => Path.Combine(Root, "logs");

    /// <summary>Downloaded models.</summary>
    public string Models => Path.Combine(Root, "models");

    public string EndpointsFile => Path.Combine(Root, "endpoints.json");

    public string FunctionKeyFile => Path.Combine(Root, FunctionKeyName);

    public string OperatorKeyFile => Path.Combine(Root, OperatorKeyName);

    public string AdminKeyFile => Path.Combine(Root, AdminKeyName);

    public string LogFile(string program) => Path.Combine(Logs, $"{program}.log");

    /// <summary>Creates the folder and locks it, so that two systems never write to the same data.</summary>
    /// <exception cref="LocalSystemException">Another local system has locked the folder, or it cannot be written.</exception>
    public IDisposable AcquireLock()
    {
        try
        {
            Directory.CreateDirectory(Emulator);
            Directory.CreateDirectory(Logs);
            return new FileStream(Path.Combine(Root, "lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (IOException exception) when (exception.HResult == LockedByAnother)
        {
            throw new LocalSystemException(
                $"The local system is already running on the folder {Root}: stop it with Ctrl-C, or start this one with --data FOLDER.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LocalSystemException(
                $"The folder {Root} cannot be written: {exception.Message.TrimEnd('.')}. Make it writable, or choose another one with --data FOLDER.");
        }
    }

    private static string Metadata(string key) =>
        typeof(LocalFolder).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
