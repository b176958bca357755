using System.Text.Json;

namespace Serverless.InfraTests.Containers;

/// <summary>The functions, published as in their image.</summary>
public sealed class PublishedFunctions() : Published("functions", []);

[Collection("publishing")] // one at a time, because each uses both cores
public sealed class PublishedFunctionsTests(PublishedFunctions functions) : IClassFixture<PublishedFunctions>
{
    [Theory]
    [InlineData("Serverless.Functions.dll")]
    [InlineData("Serverless.Functions.runtimeconfig.json")]
    [InlineData("Serverless.Shared.dll")]
    [InlineData("libtorch_cpu.so")]
    [InlineData("libc10.so")]
    [InlineData("libLibTorchSharp.so")]
    [InlineData("extensions.json")]
    public void What_they_need_is_published(string file) => Assert.True(File.Exists(Path.Combine(functions.Folder, file)), file);

    [Fact]
    public void The_settings_of_the_host_go_with_them() => Assert.Equal(Repository.Read("host.json"), Read("host.json"));

    [Fact]
    public void The_host_finds_the_functions_that_the_unit_tests_check() => Assert.Equal(
        File.ReadAllText(FunctionApp.MetadataFile), Read("functions.metadata"));

    [Fact]
    public void The_host_starts_them_as_a_worker_process_with_dotnet()
    {
        var worker = JsonSerializer.Deserialize<JsonElement>(Read("worker.config.json")).GetProperty("description");

        Assert.Equal("dotnet-isolated", worker.GetProperty("language").GetString());
        Assert.Equal("dotnet", worker.GetProperty("defaultExecutablePath").GetString());
        Assert.Equal("Serverless.Functions.dll", worker.GetProperty("defaultWorkerPath").GetString());
        Assert.Equal("true", worker.GetProperty("workerIndexing").GetString());
    }

    [Fact]
    public void Their_runtime_settings_are_those_of_the_measured_cold_start()
    {
        var configuration = JsonSerializer.Deserialize<JsonElement>(Read("Serverless.Functions.runtimeconfig.json"));
        var settings = configuration.GetProperty("runtimeOptions").GetProperty("configProperties");

        Assert.False(settings.GetProperty("System.Runtime.TieredPGO").GetBoolean());
        Assert.Equal(3000, settings.GetProperty("System.Runtime.TieredCompilation.CallCountingDelayMs").GetInt32());
    }

    [Theory]
    [InlineData("local.settings.json*")]
    [InlineData("launchSettings.json")]
    [InlineData("*.http")]
    public void No_file_of_a_developer_goes_with_them(string pattern) =>
        Assert.Empty(Directory.EnumerateFiles(functions.Folder, pattern, SearchOption.AllDirectories));

    private string Read(string file) => File.ReadAllText(Path.Combine(functions.Folder, file));
}
