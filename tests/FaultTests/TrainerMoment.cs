using Serverless.FaultTests.Faults;
using Serverless.Storage;

namespace Serverless.FaultTests;

/// <summary>A moment of a training, known by what the trainer asks of storage, or a while after that.</summary>
/// <param name="Name">For people.</param>
/// <param name="Request">Method and beginning, or end, of the path.</param>
/// <param name="Done">Whether storage has done it by then.</param>
/// <param name="Later">How long to wait from there.</param>
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

    /// <summary>Kills the trainer when the moment comes.</summary>
    public void Arm(StorageProxy proxy, RunningProgram trainer)
    {
        var come = false;
        async Task<bool> WatchAsync(string request)
        {
            if (!Request(request) || come)
            {
                return true;
            }

            come = true;
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
