namespace Serverless.InfraTests.Containers;

/// <summary>A program, published with the command of its Dockerfile into an empty folder.</summary>
/// <param name="name">The name of the Dockerfile.</param>
/// <param name="replaced">Replacements in the arguments, for a machine without GPU.</param>
public abstract class Published(string name, Dictionary<string, string> replaced) : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();

    public string Folder => folder.File("app");

    public async ValueTask InitializeAsync()
    {
        var arguments = Dockerfile.Read(name).Publish
            .Select(argument => replaced.Aggregate(argument, (text, each) => text.Replace(each.Key, each.Value, StringComparison.Ordinal)))
            .Select(argument => argument == "/publish" ? Folder : argument)
            // Half a gigabyte of libtorch is hard-linked here, but copied in an image.
            .Where(argument => !argument.StartsWith("-p:CreateHardLinks", StringComparison.Ordinal));
        // Its own artifacts folder: the restore for one platform must not change the obj folders of the projects.
        var publish = await RunningProgram.RunToEndAsync(
            "dotnet", [.. arguments, "-m:1", "--artifacts-path", folder.File("artifacts")], TestContext.Current.CancellationToken);
        Assert.True(publish.ExitCode == 0, publish.Output + publish.Errors);
    }

    public ValueTask DisposeAsync()
    {
        folder.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
