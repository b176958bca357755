namespace Serverless.InfraTests.Scripts;

/// <summary>An environment whose PATH has all tools of the scripts except the Azure CLI and curl.</summary>
internal sealed class MachineWithoutAzure : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public MachineWithoutAzure()
    {
        foreach (var tool in new[] { "base64", "basename", "cat", "cut", "dirname", "git", "sha256sum" })
        {
            File.CreateSymbolicLink(folder.File(tool), Path.Combine("/usr/bin", tool));
        }
    }

    /// <summary>Puts a script on the PATH.</summary>
    public void Install(string tool, string script)
    {
        File.WriteAllText(folder.File(tool), script);
        File.SetUnixFileMode(folder.File(tool), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Further environment variables.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    public Task<ProgramResult> RunAsync(string script, params string[] arguments) => RunningProgram.RunToEndAsync(
        "/bin/bash",
        [Repository.PathOf(script), .. arguments],
        TestContext.Current.CancellationToken,
        environment: new Dictionary<string, string>(Environment) { ["HOME"] = folder.Path, ["PATH"] = folder.Path });

    public void Dispose() => folder.Dispose();
}
