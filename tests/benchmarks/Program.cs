using System.CommandLine;
using System.Runtime.InteropServices;
using Serverless;
using Serverless.Benchmarks.Micro;
using Serverless.Benchmarks.Serving;
using Serverless.Benchmarks.Training;

var root = new RootCommand("Measures how fast articles are classified and models are trained, and writes the figures into BENCHMARKS.md.")
{
    ServingCommand.Create(),
    TrainingCommand.Create(),
    MicroCommand.Create(),
};
try
{
    using var stop = new StopSignal(shutdownTimeout: TimeSpan.FromSeconds(10), exitCode: 130);
    var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
    return await root.Parse(args).InvokeAsync(configuration, stop.Token);
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("Stopped.");
    return 130;
}
catch (Exception exception) when (exception is InvalidDataException or InvalidOperationException or IOException or ExternalException)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}
