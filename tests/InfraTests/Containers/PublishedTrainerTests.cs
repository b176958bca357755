using System.Runtime.InteropServices;
using ProcessorArchitecture = System.Runtime.InteropServices.Architecture;

namespace Serverless.InfraTests.Containers;

/// <summary>The trainer, published as in its image, but for the CPU.</summary>
public sealed class PublishedTrainer() : Published("trainer", new() { ["${CUDA}"] = "false" });

[Collection("publishing")] // one at a time, because each uses both cores
public sealed class PublishedTrainerTests(PublishedTrainer trainer) : IClassFixture<PublishedTrainer>
{
    [Theory]
    [InlineData("trainer")]
    [InlineData("trainer.dll")]
    [InlineData("trainer.runtimeconfig.json")]
    [InlineData("Serverless.Shared.dll")]
    [InlineData("libtorch_cpu.so")]
    [InlineData("libc10.so")]
    [InlineData("libLibTorchSharp.so")]
    public void What_it_needs_is_published(string file) => Assert.True(File.Exists(Path.Combine(trainer.Folder, file)), file);

    [Fact]
    public void Only_files_for_Linux_on_x64_are_published()
    {
        Assert.False(Directory.Exists(Path.Combine(trainer.Folder, "runtimes")));
        Assert.Empty(Directory.EnumerateFiles(trainer.Folder, "*.dylib", SearchOption.AllDirectories));
        Assert.Equal(ProcessorArchitecture.X64, RuntimeInformation.ProcessArchitecture);
    }

    [Fact]
    public void The_layer_of_libtorch_is_nearly_all_of_it()
    {
        var files = new DirectoryInfo(trainer.Folder).EnumerateFiles("*", SearchOption.AllDirectories).ToList();
        var native = files.Where(file => file.DirectoryName == trainer.Folder && (file.Extension == ".so" || file.Name.Contains(".so.", StringComparison.Ordinal)));

        Assert.True(native.Sum(file => file.Length) > 0.85 * files.Sum(file => file.Length));
    }

    [Fact]
    public async Task It_starts_from_a_bare_directory()
    {
        using var elsewhere = new TemporaryFolder();
        var help = await RunningProgram.RunToEndAsync(
            Path.Combine(trainer.Folder, "trainer"), ["--help"], TestContext.Current.CancellationToken, elsewhere.Path);

        Assert.True(help.ExitCode == 0, help.Output + help.Errors);
        Assert.Matches(@"(?m)^\s+run\b", help.Output);
        Assert.Matches(@"(?m)^\s+train\b", help.Output);
    }

    [Fact]
    public async Task Without_a_storage_account_its_command_says_so_in_one_sentence()
    {
        using var elsewhere = new TemporaryFolder();
        var run = await RunningProgram.RunToEndAsync(
            Path.Combine(trainer.Folder, "trainer"), ["run"], TestContext.Current.CancellationToken, elsewhere.Path);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("Storage", run.Errors + run.Output);
        Assert.DoesNotContain("   at ", run.Errors + run.Output);
    }
}
