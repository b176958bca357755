using System.Text.Json.Nodes;

namespace Serverless.InfraTests.Editors;

public sealed class DevContainerTests
{
    private readonly JsonNode container = JsonNode.Parse(Repository.Read(".devcontainer/devcontainer.json"))!;

    [Fact]
    public void It_is_set_up_by_a_script_that_is_there() =>
        Assert.True(File.GetUnixFileMode(Repository.PathOf((string)container["postCreateCommand"]!)).HasFlag(UnixFileMode.UserExecute));

    [Fact]
    public void It_has_the_SDK_of_global_json()
    {
        var sdk = (string)JsonNode.Parse(Repository.Read("global.json"))!["sdk"]!["version"]!;

        Assert.StartsWith((string)container["features"]!["ghcr.io/devcontainers/features/dotnet:2"]!["version"]! + ".", sdk, StringComparison.Ordinal);
    }
}
