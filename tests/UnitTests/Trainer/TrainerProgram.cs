namespace Serverless.UnitTests.Trainer;

/// <summary>The real trainer as a process of its own.</summary>
internal static class TrainerProgram
{
    /// <param name="arguments">Of its command line.</param>
    /// <param name="memory">The most that it may allocate, in KB; null for no limit.</param>
    /// <param name="settings">Its environment variables.</param>
    public static RunningProgram Start(IEnumerable<string> arguments, int? memory = null, params IEnumerable<(string Name, string Value)> settings)
    {
        string[] command = ["dotnet", Repository.Trainer, .. arguments];
        return RunningProgram.Start(
            memory is null ? command : ["bash", "-c", $"ulimit -d {memory} && exec \"$@\"", "bash", .. command],
            settings.Prepend(("Classifier__TorchThreads", "1")).ToDictionary());
    }

    public static async Task<string> RunAsync(IEnumerable<string> arguments, int? memory = null)
    {
        await using var program = Start(arguments, memory);
        return await program.EndAsync();
    }
}
