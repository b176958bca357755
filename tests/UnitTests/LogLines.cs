using Microsoft.Extensions.Logging;

namespace Serverless.UnitTests;

/// <summary>What was logged, as it is read.</summary>
internal sealed class LogLines<T> : ILogger<T>
{
    private readonly List<(LogLevel Level, string Text, Exception? Exception)> lines = [];

    public IReadOnlyList<string> All => Snapshot(_ => true);

    public IReadOnlyList<string> Errors => Snapshot(level => level == LogLevel.Error);

    public IReadOnlyList<Exception?> Exceptions
    {
        get
        {
            lock (lines)
            {
                return [.. lines.Select(line => line.Exception)];
            }
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (lines)
        {
            lines.Add((logLevel, formatter(state, exception), exception));
        }
    }

    private string[] Snapshot(Func<LogLevel, bool> take)
    {
        lock (lines)
        {
            return [.. lines.Where(line => take(line.Level)).Select(line => line.Text)];
        }
    }
}
