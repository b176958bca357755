using System.Runtime.CompilerServices;
using Serverless.Llama.Kernels;

namespace Serverless.UnitTests;

/// <summary>Toy models compute on one thread: tests run side by side, and threads that wait for each other's cores cost twenty times the work.</summary>
internal static class OneThread
{
    [ModuleInitializer]
    public static void Initialise() => TorchRuntime.Initialize(threads: 1);
}
