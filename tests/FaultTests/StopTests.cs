using Serverless.FaultTests.Programs;

namespace Serverless.FaultTests;

/// <summary>SIGTERM, more than once, as <c>timeout</c> and container runtimes send it.</summary>
public sealed class StopTests
{
    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Functions_told_twice_to_end_do_so_in_order_or_at_once_without_a_stack_trace_whether_they_start_or_work()
    {
        await using var installation = await Installation.StartAsync();
        foreach (var pause in new[] { 300, 600, 900, 1200 })
        {
            await using var starting = installation.StartFunctions();
            await Task.Delay(pause, Ended);
            await EndsAsync(starting.Program);
        }

        await using var working = await installation.StartFunctions().ReadyAsync();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(number => Articles.SendAsync(installation.Storage, number)));
        await EndsAsync(working.Program);
    }

    private static async Task EndsAsync(RunningProgram program)
    {
        var first = program.StopAsync();
        await Task.Delay(20, Ended);
        await program.StopAsync();

        // 143: a signal met the program before it listened for any, or after all was done.
        Assert.True(await first is 0 or 143, program.Output);
        Assert.DoesNotContain("   at ", program.Output, StringComparison.Ordinal);
    }
}
