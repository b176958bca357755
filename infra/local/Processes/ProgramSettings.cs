namespace Serverless.Local.Processes;

/// <summary>The environment variables of functions and trainer, as in Azure.</summary>
internal static class ProgramSettings
{
    public static IReadOnlyDictionary<string, string> From(LocalFolder folder, Endpoints endpoints) => new Dictionary<string, string>
    {
        ["Storage"] = endpoints.ConnectionString,
        ["Classifier__CacheFolder"] = folder.Models,
        ["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"] = "3000000",
    };
}
