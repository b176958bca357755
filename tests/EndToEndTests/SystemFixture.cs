namespace Serverless.EndToEndTests;

/// <summary>One running system for the tests of a class.</summary>
public abstract class SystemFixture(IReadOnlyDictionary<string, string>? settings = null, params string[] options) : IAsyncLifetime
{
    public RunningSystem App { get; private set; } = null!;

    public async ValueTask InitializeAsync() => App = await RunningSystem.StartAsync(settings, options);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await App.DisposeAsync();
    }
}
