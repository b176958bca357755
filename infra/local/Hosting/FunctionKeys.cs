using Microsoft.AspNetCore.Http;
using Serverless.Local.Hosting.Worker;

namespace Serverless.Local.Hosting;

/// <summary>The keys of the host, as the deployment to Azure assigns them to the functions.</summary>
/// <param name="callers">The function key: opens the functions of the level <c>function</c>, except those of operators.</param>
/// <param name="operators">The operator key: opens all functions of the level <c>function</c>.</param>
/// <param name="admin">The admin key, called master key in Azure: opens everything.</param>
internal sealed class FunctionKeys(FunctionKey callers, FunctionKey operators, FunctionKey admin)
{
    /// <summary>The functions that decide what serves. In Azure they have the operator key only, as a key of that one function.</summary>
    /// <remarks>A test compares the list with infra/azure/modules/functions.bicep.</remarks>
    public static IReadOnlySet<string> OperatorFunctions { get; } =
        new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "Datasets", "DatasetUpload", "ExportReview", "PromoteModel" };

    /// <summary>Reads the keys from files in a folder, which are created if they do not exist.</summary>
    public static FunctionKeys ReadOrCreate(string folder) => new(
        ReadOrCreate(folder, LocalFolder.FunctionKeyName),
        ReadOrCreate(folder, LocalFolder.OperatorKeyName),
        ReadOrCreate(folder, LocalFolder.AdminKeyName));

    public bool Authorize(string function, AuthorizationLevel level, HttpRequest request) => level switch
    {
        AuthorizationLevel.Anonymous => true,
        AuthorizationLevel.Function =>
            operators.Matches(request) || admin.Matches(request) || (callers.Matches(request) && !OperatorFunctions.Contains(function)),
        _ => admin.Matches(request),
    };

    private static FunctionKey ReadOrCreate(string folder, string file) => FunctionKey.ReadOrCreate(Path.Combine(folder, file));
}
