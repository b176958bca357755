namespace Serverless.EndToEndTests;

/// <summary>One running system for the tests of a class.</summary>
public abstract class SystemFixture(IReadOnlyDictionary<string, string>? settings = null, params string[] options) : IAsyncLifetime
{
    public RunningSystem System { get; private set; } = null!;

    public async ValueTask InitializeAsync() => System = await RunningSystem.StartAsync(settings, options);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await System.DisposeAsync();
    }
}
