using Serverless.Storage;

namespace Serverless.Local.Processes;

/// <summary>Starts a trainer process for each training request, one at a time, as the Container Apps job does in Azure.</summary>
internal sealed class TrainingDispatcher(LocalFolder folder, Endpoints endpoints, StorageClients storage, Action<string> listener)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DelayAfterFailure = TimeSpan.FromSeconds(10);

    /// <summary>Runs until it is cancelled. A training that is running then is stopped, and its request is delivered again.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var delay = PollInterval;
            try
            {
                if (await HasRequestAsync(cancellationToken) && await TrainAsync(cancellationToken) != 0)
                {
                    listener($"The trainer failed: see {folder.LogFile("trainer")}");
                    delay = DelayAfterFailure;
                }
            }
            catch (Exception exception) when (StorageErrors.IsStorageError(exception))
            {
                listener($"The training requests could not be read: {StorageErrors.Describe(exception)}");
            }

            await Task.Delay(delay, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> HasRequestAsync(CancellationToken cancellationToken) =>
        (await storage.Queue(StorageNames.TrainingRequestsQueue).PeekMessagesAsync(1, cancellationToken)).Value.Length > 0;

    private async Task<int> TrainAsync(CancellationToken cancellationToken)
    {
        await using var trainer = ChildProcess.Start(
            "trainer", ["dotnet", LocalFolder.Trainer, "run"], ProgramSettings.From(folder, endpoints), folder.LogFile("trainer"), listener);
        return await trainer.WaitAsync(cancellationToken);
    }
}
