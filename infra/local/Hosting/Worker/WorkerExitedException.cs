namespace Serverless.Local.Hosting.Worker;

/// <summary>The worker process has ended, and its invocations have failed.</summary>
internal sealed class WorkerExitedException(string message) : Exception(message);
