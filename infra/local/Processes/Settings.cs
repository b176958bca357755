namespace Serverless.Local.Processes;

/// <summary>The settings that functions and trainer read from their environment, as in Azure.</summary>
internal static class Settings
{
    public static IReadOnlyDictionary<string, string> Of(LocalFolder folder, Endpoints endpoints) => new Dictionary<string, string>
    {
        ["Storage"] = endpoints.ConnectionString,
        ["Classifier__CacheFolder"] = folder.Models,
    };
}
