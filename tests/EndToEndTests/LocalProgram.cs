namespace Serverless.EndToEndTests;

/// <summary>The real program <c>Serverless.Local</c>.</summary>
internal static class LocalProgram
{
    public static RunningProgram Start(IReadOnlyDictionary<string, string> environment, params IEnumerable<string> arguments) =>
        RunningProgram.Start(["dotnet", Repository.LocalSystem, .. arguments], environment);

    /// <summary>Runs the program to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(params IEnumerable<string> arguments)
    {
        await using var program = Start(new Dictionary<string, string>(), arguments);
        return (await program.WaitAsync(), program.Output);
    }
}
