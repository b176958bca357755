using Serverless.FaultTests.Programs;

namespace Serverless.FaultTests;

/// <summary>Repeated SIGTERM, as <c>timeout</c> and container runtimes send it.</summary>
public sealed class StopTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Functions_that_get_SIGTERM_twice_exit_without_a_stack_trace()
    {
        await using var installation = await Installation.StartAsync();
        foreach (var pause in new[] { 300, 600, 900, 1200 })
        {
            await using var starting = installation.StartFunctions();
            await Task.Delay(pause, CancellationToken);
            await StopTwiceAsync(starting.Program);
        }

        await using var working = await installation.StartFunctions().ReadyAsync();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(number => Articles.SendAsync(installation.Storage, number)));
        await StopTwiceAsync(working.Program);
    }

    private static async Task StopTwiceAsync(RunningProgram program)
    {
        var first = program.StopAsync();
        await Task.Delay(20, CancellationToken);
        await program.StopAsync();

        // 143: the signal arrived before the program handled signals, or after it had stopped.
        Assert.True(await first is 0 or 143, program.Output);
        Assert.DoesNotContain("   at ", program.Output, StringComparison.Ordinal);
    }
}
