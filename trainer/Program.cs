using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;
using Serverless;
using Serverless.Llama.Kernels;
using Serverless.Trainer.Commands;
using Serverless.Trainer.Training;

var root = new RootCommand("Fine-tunes a Llama classifier with LoRA, evaluates it, and publishes it.")
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
    InitializeTorch();
    using var stop = new StopSignal(shutdownTimeout: TimeSpan.FromSeconds(30), exitCode: 130);
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, stop.Token);
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("Stopped.");
    return 130;
}
catch (UserException exception)
{
    // The message says what to do; a stack trace would hide it. Any other exception is a bug and keeps its stack trace.
    Console.Error.WriteLine(exception.Message);
    return 1;
}

static void InitializeTorch()
{
    var threads = ReadThreads();
    try
    {
        TorchRuntime.Initialize(threads, training: true);
    }
    catch (InvalidOperationException exception)
    {
        throw new UserException(exception.Message, exception);
    }
}

// All processors by default: the trainer does not share its machine.
static int ReadThreads()
{
    if (Environment.GetEnvironmentVariable("Classifier__TorchThreads") is not { Length: > 0 } setting)
    {
        return Environment.ProcessorCount;
    }

    return int.TryParse(setting, NumberStyles.None, CultureInfo.InvariantCulture, out var threads)
        ? threads
        : throw new InvalidTrainOptionsException($"The setting Classifier__TorchThreads is '{setting}'; it must be 1 or more.");
}
