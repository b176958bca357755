using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Functions;
using Serverless.Models;
using Serverless.Training;

namespace Serverless.UnitTests.Functions;

public sealed class StarterServiceTests(Emulator emulator)
{
    [Fact]
    public async Task The_default_classifier_has_a_version_after_the_start_of_the_functions()
    {
        var storage = await emulator.NewAccountAsync();
        var cache = Directory.CreateTempSubdirectory("serverless-").FullName;
        var registry = new ModelRegistry(storage, new TrainingRuns(storage), cache, TimeProvider.System);
        var log = new LogLines<StarterService>();
        using var service = new StarterService(new StarterModel(registry, NullLogger<StarterModel>.Instance), TimeProvider.System, log);

        await service.StartAsync(TestContext.Current.CancellationToken);
        await service.ExecuteTask!;
        var pointer = await registry.Pointers.ReadAsync("news", null, TestContext.Current.CancellationToken);
        Directory.Delete(cache, recursive: true);

        Assert.Equal(StarterModel.Version, pointer.Current?.Version);
        Assert.Empty(log.All);
    }
}
