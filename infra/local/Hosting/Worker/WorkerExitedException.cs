namespace Serverless.Local.Hosting.Worker;

/// <summary>The worker process ended: what it was invoking has failed, as on the Functions host.</summary>
internal sealed class WorkerExitedException(string message) : Exception(message);
