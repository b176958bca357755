namespace Serverless.InfraTests.Scripts;

/// <summary>
/// A clone with the real scripts <c>topics</c> and <c>setup.sh</c>; its <c>dotnet</c>, <c>node</c> and <c>npm</c> are scripts too.
/// <c>dotnet build</c> writes empty programs or fails; other calls of <c>dotnet</c> print the directory and the arguments.
/// </summary>
internal sealed class FakeClone : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public FakeClone()
    {
        Install("topics", Repository.Read("topics"));
        Install("infra/local/setup.sh", Repository.Read("infra/local/setup.sh"));
        foreach (var file in new[] { "shared/Shared.cs", "functions/Functions.cs", "trainer/Trainer.cs", "host.json", "Directory.Build.props", "infra/local/emulator/package-lock.json" })
        {
            Write(file, "");
        }

        InstallTool("node", "echo v22.0.0");
        InstallTool("npm", $"mkdir -p '{PathOf("infra/local/emulator/node_modules")}'; sleep 0.02; touch '{PathOf("infra/local/emulator/node_modules/.package-lock.json")}'");
        InstallTool("dotnet", $$"""
            case "$1" in
              --list-sdks) echo "10.0.100 [/sdk]" ;;
              build)
                [[ ! -e '{{PathOf("building")}}' ]] || echo "beside another" >> '{{PathOf("builds")}}'
                touch '{{PathOf("building")}}'
                echo "$2" >> '{{PathOf("builds")}}'
                echo "  Shared -> /artifacts/Shared.dll"
                [[ -z "${BUILD_SECONDS-}" ]] || sleep "$BUILD_SECONDS"
                rm '{{PathOf("building")}}'
                [[ -z "${BUILD_ERROR-}" ]] || { echo "$BUILD_ERROR"; exit 1; }
                for program in '{{PathOf(Local)}}' '{{PathOf(Trainer)}}'; do mkdir -p "$(dirname "$program")"; touch "$program"; done ;;
              *)
                echo "$PWD"
                printf '%s\n' "$@"
                cat ;;
            esac
            """);
    }

    public static string Local => "artifacts/bin/Local/release/Serverless.Local.dll";

    public static string Trainer => "artifacts/bin/Trainer/release/trainer.dll";

    /// <summary>The built projects, a line for each <c>dotnet build</c>.</summary>
    public IReadOnlyList<string> Builds => File.Exists(PathOf("builds")) ? File.ReadAllLines(PathOf("builds")) : [];

    public Dictionary<string, string> Environment { get; } = [];

    public string PathOf(string file) => Path.Combine(folder.Path, file);

    public void Write(string file, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(file))!);
        File.WriteAllText(PathOf(file), content);
    }

    /// <summary>Runs a program of the clone with the fake tools first on the PATH.</summary>
    public Task<ProgramResult> RunAsync(string program, IEnumerable<string> arguments, string? directory = null, string input = "") => RunningProgram.RunToEndAsync(
        program,
        arguments,
        TestContext.Current.CancellationToken,
        directory ?? folder.Path,
        new Dictionary<string, string>(Environment) { ["PATH"] = $"{PathOf("tools")}:{System.Environment.GetEnvironmentVariable("PATH")}" },
        input);

    public Task<ProgramResult> TopicsAsync(params string[] arguments) => RunAsync(PathOf("topics"), arguments);

    public void Dispose() => folder.Dispose();

    private void InstallTool(string name, string script) => Install($"tools/{name}", $"#!/bin/bash\n{script}\n");

    private void Install(string file, string script)
    {
        Write(file, script);
        File.SetUnixFileMode(PathOf(file), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
