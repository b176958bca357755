using System.Text.RegularExpressions;

namespace Serverless.Local.Hosting;

/// <summary>The path of a blob trigger such as <c>datasets/{classifier}/{file}</c>: the container and the pattern of blob names.</summary>
internal sealed class BlobPath
{
    private readonly Regex pattern;

    public BlobPath(string path)
    {
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        Container = path[..slash];
        // As in the Functions host, a {part} is greedy and matches slashes too.
        var escaped = Regex.Replace(Regex.Escape(path[(slash + 1)..]), @"\\\{(\w+)}", "(?<$1>.+)");
        pattern = new Regex($"^{escaped}$", RegexOptions.CultureInvariant | RegexOptions.Singleline);
    }

    public string Container { get; }

    /// <returns>The values of the <c>{parts}</c>, or null if the name does not match.</returns>
    public IReadOnlyDictionary<string, string?>? Match(string blob)
    {
        var match = pattern.Match(blob);
        return match.Success ? pattern.GetGroupNames().Skip(1).ToDictionary(name => name, string? (name) => match.Groups[name].Value) : null;
    }
}
