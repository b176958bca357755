namespace Serverless.InfraTests.Containers;

/// <summary>A program, published by the command of its Dockerfile into a folder with nothing else around it.</summary>
/// <param name="name">Of the Dockerfile.</param>
/// <param name="replaced">What a machine without GPU or the whole package feed has to do otherwise.</param>
public abstract class Published(string name, Dictionary<string, string> replaced) : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();

    public string Folder => folder.File("app");

    public async ValueTask InitializeAsync()
    {
        var arguments = Dockerfile.Read(name).Publish
            .Select(argument => replaced.Aggregate(argument, (text, each) => text.Replace(each.Key, each.Value, StringComparison.Ordinal)))
            .Select(argument => argument == "/publish" ? Folder : argument)
            // Half a gigabyte of libtorch is linked here and copied in an image.
            .Where(argument => !argument.StartsWith("-p:CreateHardLinks", StringComparison.Ordinal));
        // Objects of its own: the restore for one platform must not reach into the projects' obj folders.
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
