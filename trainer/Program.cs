using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;
using System.Runtime.InteropServices;
using Serverless;
using Serverless.Llama.Kernels;
using Serverless.Storage;
using Serverless.Trainer.Commands;
using Serverless.Trainer.Data;
using Serverless.Trainer.Hub;
using Serverless.Trainer.Training;

var root = new RootCommand("Fine-tunes a Llama classifier with LoRA, measures it, and publishes it.")
{
    TrainCommand.Create(),
    EvaluateCommand.Create(),
    LengthsCommand.Create(),
    DownloadCommand.Create(),
    CompareCommand.Create(),
    PredictCommand.Create(),
    RunCommand.Create(),
    PretrainCommand.Create(),
    OverlapCommand.Create(),
};
var parsed = root.Parse(args);
if (args.Length > 0 && parsed.Action is ParseErrorAction)
{
    Console.Error.WriteLine(CommandLineErrors.Format(parsed));
    return 1;
}

try
{
    TorchRuntime.Initialize(Threads(), training: true);
    using var stop = new StopSignal(shutdownTimeout: TimeSpan.FromSeconds(30), exitCode: 130);
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, stop.Token);
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("Stopped.");
    return 130;
}
catch (Exception exception) when (exception is DataSetRefusedException or HubException or HubBusyException or InvalidTrainOptionsException or TrainingDivergedException or
    InsufficientMemoryException or InvalidDataException or InvalidOperationException or IOException or UnauthorizedAccessException or ExternalException || StorageErrors.IsStorageError(exception))
{
    // Errors for people: their message says what to do, a stack trace would hide it.
    Console.Error.WriteLine(StorageErrors.IsStorageError(exception) ? StorageErrors.Describe(exception) : exception.Message);
    return 1;
}

// All processors by default: a trainer has its machine to itself.
static int Threads() =>
    Environment.GetEnvironmentVariable("Classifier__TorchThreads") is not { Length: > 0 } setting ? Environment.ProcessorCount
    : int.TryParse(setting, NumberStyles.None, CultureInfo.InvariantCulture, out var threads) ? threads
    : throw new InvalidTrainOptionsException($"The setting Classifier__TorchThreads is '{setting}'; it must be 1 or more.");
