using Serverless.FaultTests.Faults;
using Serverless.Storage;

namespace Serverless.FaultTests;

/// <summary>A moment of a training: a request to storage, or a time after it.</summary>
/// <param name="Name">The name in the report.</param>
/// <param name="Request">Matches method and path.</param>
/// <param name="Done">Whether storage has processed the request by then.</param>
/// <param name="Later">The time to wait after the request.</param>
internal sealed record TrainerMoment(string Name, Func<string, bool> Request, bool Done, TimeSpan Later = default)
{
    private static readonly TrainerMoment[] Moments =
    [
        new("after the pointer is written", request => request.StartsWith("PUT models/", StringComparison.Ordinal) && request.EndsWith("/current.json", StringComparison.Ordinal), Done: true),
        new("before the pointer is written", request => request.StartsWith("PUT models/", StringComparison.Ordinal) && request.EndsWith("/current.json", StringComparison.Ordinal), Done: false),
        new("in the upload", request => request.StartsWith("PUT models/", StringComparison.Ordinal) && request.EndsWith("/adapter_model.safetensors", StringComparison.Ordinal), Done: true),
        new("before the download", request => request.StartsWith("GET datasets/", StringComparison.Ordinal), Done: false),
        new("after the download", request => request.StartsWith("GET datasets/", StringComparison.Ordinal), Done: true),
        .. new[] { 0.3, 0.6, 1, 1.5 }.Select(seconds => new TrainerMoment(
            "some steps after the download", request => request.StartsWith("GET datasets/", StringComparison.Ordinal), Done: true, TimeSpan.FromSeconds(seconds))),
        new("before the manifest is written", request => request.StartsWith("PUT models/", StringComparison.Ordinal) && request.EndsWith("/manifest.json", StringComparison.Ordinal), Done: false),
        new("after the manifest is written", request => request.StartsWith("PUT models/", StringComparison.Ordinal) && request.EndsWith("/manifest.json", StringComparison.Ordinal), Done: true),
        new("before the request is deleted", request => request.StartsWith($"DELETE {StorageNames.TrainingRequestsQueue}/", StringComparison.Ordinal), Done: false),
        new("after the request is deleted", request => request.StartsWith($"DELETE {StorageNames.TrainingRequestsQueue}/", StringComparison.Ordinal), Done: true),
    ];

    public static TrainerMoment At(int number) => Moments[number % Moments.Length];

    /// <summary>Kills the trainer at this moment.</summary>
    public void Arm(StorageProxy proxy, RunningProgram trainer)
    {
        var reached = false;
        async Task<bool> WatchAsync(string request)
        {
            if (!Request(request) || reached)
            {
                return true;
            }

            reached = true;
            if (Later > TimeSpan.Zero)
            {
                _ = KillLaterAsync();
                return true;
            }

            await trainer.KillAsync();
            return false;
        }

        async Task KillLaterAsync()
        {
            await Task.Delay(Later);
            await trainer.KillAsync();
        }

        proxy.Before = Done ? null : WatchAsync;
        proxy.After = Done ? WatchAsync : null;
    }

    public static void Disarm(StorageProxy proxy) => (proxy.Before, proxy.After) = (null, null);
}
