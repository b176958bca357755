using Microsoft.AspNetCore.Http;

namespace Serverless.Local.Hosting;

/// <summary>The two keys of the host: one for the functions of the level <c>function</c>, and the admin key, which opens all.</summary>
internal sealed class FunctionKeys(FunctionKey function, FunctionKey admin)
{
    public const string FunctionFile = "function-key";
    public const string AdminFile = "admin-key";

    /// <summary>Reads the keys from files of a folder; those that are missing are made.</summary>
    public static FunctionKeys ReadOrCreate(string folder) =>
        new(FunctionKey.ReadOrCreate(Path.Combine(folder, FunctionFile)), FunctionKey.ReadOrCreate(Path.Combine(folder, AdminFile)));

    public bool Authorize(AuthorizationLevel level, HttpRequest request) => level switch
    {
        AuthorizationLevel.Anonymous => true,
        AuthorizationLevel.Function => function.Matches(request) || admin.Matches(request),
        _ => admin.Matches(request),
    };
}
