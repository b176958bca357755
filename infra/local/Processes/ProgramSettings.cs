namespace Serverless.Local.Processes;

/// <summary>The settings that functions and trainer read from their environment, as in Azure.</summary>
internal static class ProgramSettings
{
    public static IReadOnlyDictionary<string, string> From(LocalFolder folder, Endpoints endpoints) => new Dictionary<string, string>
    {
        ["Storage"] = endpoints.ConnectionString,
        ["Classifier__CacheFolder"] = folder.Models,
    };
}
