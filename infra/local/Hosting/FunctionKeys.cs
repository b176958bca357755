using Microsoft.AspNetCore.Http;

namespace Serverless.Local.Hosting;

/// <summary>The two keys of the host: the function key, for functions of the level <c>function</c>, and the admin key, for all functions.</summary>
internal sealed class FunctionKeys(FunctionKey function, FunctionKey admin)
{
    public const string FunctionFile = "function-key";
    public const string AdminFile = "admin-key";

    /// <summary>Reads the keys from files in a folder, which are created if they do not exist.</summary>
    public static FunctionKeys ReadOrCreate(string folder) =>
        new(FunctionKey.ReadOrCreate(Path.Combine(folder, FunctionFile)), FunctionKey.ReadOrCreate(Path.Combine(folder, AdminFile)));

    public bool Authorize(AuthorizationLevel level, HttpRequest request) => level switch
    {
        AuthorizationLevel.Anonymous => true,
        AuthorizationLevel.Function => function.Matches(request) || admin.Matches(request),
        _ => admin.Matches(request),
    };
}
