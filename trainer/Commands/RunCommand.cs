using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Serverless.Models;
using Serverless.Storage;
using Serverless.Trainer.Jobs;

namespace Serverless.Trainer.Commands;

/// <summary><c>trainer run</c>: what the container runs. Processes one training request of the queue, or all of them.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var drain = new Option<bool>("--drain") { Description = "Process requests until the queue is empty." };
        var command = new Command("run", "Process a training request from the queue: train, compare with the serving version, publish.") { drain };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var worker = CreateWorker();
            try
            {
                return await worker.RunAsync(parsed.GetValue(drain), cancellationToken) ? 0 : 1;
            }
            catch (Exception exception) when (StorageErrors.IsStorageError(exception))
            {
                throw new UserException(StorageErrors.Describe(exception), exception);
            }
        });
        return command;
    }

    private static TrainingWorker CreateWorker()
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        try
        {
            var log = LineLog.Create(TimeProvider.System);
            return new TrainingWorker(new StorageClients(configuration), ModelOptions.Read(configuration), log, TimeProvider.System);
        }
        catch (InvalidOperationException exception)
        {
            throw new UserException(exception.Message, exception); // a setting that is missing or not valid
        }
    }
}
