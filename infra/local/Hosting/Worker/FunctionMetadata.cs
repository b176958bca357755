using System.Text.Json;

namespace Serverless.Local.Hosting.Worker;

/// <summary>The metadata of a function, as reported by the worker.</summary>
/// <param name="Id">The worker's id of the function.</param>
/// <param name="Name">The function's name.</param>
/// <param name="Parameter">The name of the trigger parameter.</param>
/// <param name="Trigger">The trigger.</param>
internal sealed record FunctionMetadata(string Id, string Name, string Parameter, FunctionTrigger Trigger)
{
    /// <param name="id">The worker's id of the function.</param>
    /// <param name="name">The function's name.</param>
    /// <param name="rawBindings">The bindings as JSON objects.</param>
    /// <exception cref="LocalSystemException">The function has no trigger of a supported type.</exception>
    public static FunctionMetadata Parse(string id, string name, IEnumerable<string> rawBindings)
    {
        foreach (var raw in rawBindings)
        {
            using var document = JsonDocument.Parse(raw);
            var binding = document.RootElement;
            if (FunctionTrigger.TryParse(binding) is { } trigger)
            {
                return new FunctionMetadata(id, name, binding.GetProperty("name").GetString()!, trigger);
            }
        }

        throw new LocalSystemException($"The function '{name}' has no queue, blob or HTTP trigger. The local host supports no other triggers.");
    }
}

/// <summary>The trigger of a function.</summary>
internal abstract record FunctionTrigger
{
    /// <returns>Null if the binding is not a supported trigger.</returns>
    public static FunctionTrigger? TryParse(JsonElement binding) => binding.GetProperty("type").GetString() switch
    {
        "httpTrigger" => new HttpTrigger(
            Enum.Parse<AuthorizationLevel>(Text(binding, "authLevel") ?? nameof(AuthorizationLevel.Function), ignoreCase: true),
            Text(binding, "route"),
            binding.TryGetProperty("methods", out var methods)
                ? [.. methods.EnumerateArray().Select(method => method.GetString()!.ToUpperInvariant())]
                : ["GET", "POST"]),
        "queueTrigger" => new QueueTrigger(Text(binding, "queueName")!, Text(binding, "connection")!),
        "blobTrigger" => new BlobTrigger(Text(binding, "path")!, Text(binding, "connection")!),
        _ => null,
    };

    private static string? Text(JsonElement binding, string property) => binding.TryGetProperty(property, out var value) ? value.GetString() : null;
}

/// <param name="Level">The key that a caller needs.</param>
/// <param name="Route">The route without the prefix; null to use the name of the function.</param>
/// <param name="Methods">HTTP methods in upper case.</param>
internal sealed record HttpTrigger(AuthorizationLevel Level, string? Route, IReadOnlyCollection<string> Methods) : FunctionTrigger;

/// <param name="Queue">The queue's name.</param>
/// <param name="Connection">The setting that names the storage account.</param>
internal sealed record QueueTrigger(string Queue, string Connection) : FunctionTrigger;

/// <param name="Path">Such as <c>datasets/{name}</c>.</param>
/// <param name="Connection">The setting that names the storage account.</param>
internal sealed record BlobTrigger(string Path, string Connection) : FunctionTrigger;

/// <summary>The key that a caller of an HTTP function needs.</summary>
internal enum AuthorizationLevel
{
    Anonymous,
    Function,
    Admin,
}
