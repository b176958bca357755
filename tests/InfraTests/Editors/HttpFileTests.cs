using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Serverless.InfraTests.Editors;

/// <summary><c>functions.http</c> against the routes in the metadata that the Functions SDK generates.</summary>
public sealed partial class HttpFileTests
{
    private static readonly IReadOnlyList<(string Method, string Path)> Calls =
    [
        .. Call().Matches(Repository.Read("functions/functions.http")).Select(match => (match.Groups[1].Value.ToLowerInvariant(), match.Groups[2].Value)),
    ];

    private static readonly IReadOnlyList<(string Method, string Route)> Routes =
    [
        .. from function in JsonNode.Parse(File.ReadAllText(FunctionApp.MetadataFile))!.AsArray()
           from binding in function!["bindings"]!.AsArray()
           where (string?)binding!["type"] == "httpTrigger"
           from method in binding["methods"]!.AsArray()
           select ((string)method!, (string)binding["route"]!),
    ];

    [Fact]
    public void Every_call_has_a_function() => Assert.All(Calls, call => Assert.Contains(Routes, route => Matches(route, call)));

    [Fact]
    public void Every_function_has_a_call() => Assert.All(Routes, route => Assert.Contains(Calls, call => Matches(route, call)));

    private static bool Matches((string Method, string Route) function, (string Method, string Path) call)
    {
        // {name} is a segment, {name?} may be missing, {*name} is the rest of the path.
        var pattern = Parameter().Replace(
            function.Route,
            parameter => (parameter.Groups[1].Value, parameter.Groups[2].Value) switch
            {
                (_, "?") => "(/[^/]+)?",
                ("*", _) => "/.+",
                _ => "/[^/]+",
            });
        return function.Method == call.Method && Regex.IsMatch(call.Path, $"^{pattern}$");
    }

    [GeneratedRegex(@"(?m)^([A-Z]+) \{\{host\}\}/api/([^\s?]+)")]
    private static partial Regex Call();

    [GeneratedRegex(@"/\{(\*?)\w+(\??)\}")]
    private static partial Regex Parameter();
}
