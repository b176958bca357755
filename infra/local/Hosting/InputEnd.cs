using Microsoft.Extensions.Hosting;

namespace Serverless.Local.Hosting;

/// <summary>Stops the program when its standard input ends: so it never outlives the program that started it.</summary>
internal sealed class InputEnd(IHostApplicationLifetime lifetime) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var buffer = new byte[1];
        await using var input = Console.OpenStandardInput();
        while (await input.ReadAsync(buffer, stoppingToken) > 0)
        {
        }

        lifetime.StopApplication();
    }
}
