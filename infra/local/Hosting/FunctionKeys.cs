using Microsoft.AspNetCore.Http;
using Serverless.Local.Hosting.Worker;

namespace Serverless.Local.Hosting;

/// <summary>The two keys of the host: the function key, for functions of the level <c>function</c>, and the admin key, for all functions.</summary>
internal sealed class FunctionKeys(FunctionKey function, FunctionKey admin)
{
    /// <summary>Reads the keys from files in a folder, which are created if they do not exist.</summary>
    public static FunctionKeys ReadOrCreate(string folder) =>
        new(ReadOrCreate(folder, LocalFolder.FunctionKeyName), ReadOrCreate(folder, LocalFolder.AdminKeyName));

    public bool Authorize(AuthorizationLevel level, HttpRequest request) => level switch
    {
        AuthorizationLevel.Anonymous => true,
        AuthorizationLevel.Function => function.Matches(request) || admin.Matches(request),
        _ => admin.Matches(request),
    };

    private static FunctionKey ReadOrCreate(string folder, string file) => FunctionKey.ReadOrCreate(Path.Combine(folder, file));
}
