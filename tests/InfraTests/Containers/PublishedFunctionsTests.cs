namespace Serverless.InfraTests.Containers;

/// <summary>The functions, published as their image publishes them.</summary>
public sealed class PublishedFunctions() : Published("functions", []);

[Collection("publishing")] // one at a time: each takes both cores
public sealed class PublishedFunctionsTests(PublishedFunctions functions) : IClassFixture<PublishedFunctions>
{
    [Theory]
    [InlineData("Serverless.Functions.dll")]
    [InlineData("Serverless.Functions.runtimeconfig.json")]
    [InlineData("Serverless.Shared.dll")]
    [InlineData("libtorch_cpu.so")]
    [InlineData("libc10.so")]
    [InlineData("libLibTorchSharp.so")]
    [InlineData("functions.metadata")]
    [InlineData("worker.config.json")]
    [InlineData("extensions.json")]
    public void What_they_need_is_published(string file) => Assert.True(File.Exists(Path.Combine(functions.Folder, file)), file);

    [Fact]
    public void The_settings_of_the_host_go_with_them() =>
        Assert.Equal(Repository.Read("host.json"), File.ReadAllText(Path.Combine(functions.Folder, "host.json")));

    [Theory]
    [InlineData("local.settings.json*")]
    [InlineData("launchSettings.json")]
    [InlineData("*.http")]
    public void No_file_of_a_developer_goes_with_them(string pattern) =>
        Assert.Empty(Directory.EnumerateFiles(functions.Folder, pattern, SearchOption.AllDirectories));
}
