using System.Text.Json;

namespace Serverless.Local.Hosting.Worker;

/// <summary>A built or published function app: a folder with <c>host.json</c> and <c>worker.config.json</c>.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="Executable">The program that runs the worker, <c>dotnet</c>.</param>
/// <param name="WorkerFile">The worker's assembly.</param>
internal sealed record FunctionApp(string Folder, string Executable, string WorkerFile)
{
    public string HostJson => Path.Combine(Folder, "host.json");

    /// <exception cref="LocalSystemException">The folder is not a function app.</exception>
    public static FunctionApp Open(string folder)
    {
        var config = Path.Combine(folder, "worker.config.json");
        if (!File.Exists(config) || !File.Exists(Path.Combine(folder, "host.json")))
        {
            throw new LocalSystemException($"The folder {folder} is not a function app: worker.config.json or host.json is missing. Build functions/ first.");
        }

        using var document = JsonDocument.Parse(File.ReadAllText(config));
        var description = document.RootElement.GetProperty("description");
        return new FunctionApp(
            folder,
            description.GetProperty("defaultExecutablePath").GetString()!,
            Path.Combine(folder, description.GetProperty("defaultWorkerPath").GetString()!));
    }
}
