using Microsoft.Extensions.Logging;
using Serverless.Models;
using Serverless.Training;

namespace Serverless.Serving;

/// <summary>What all classifiers of the process share.</summary>
/// <param name="Registry">Versions and pointers in storage.</param>
/// <param name="Runs">Training runs, which record why a version cannot serve.</param>
/// <param name="Loader">Loads versions into memory.</param>
/// <param name="Thread">Runs forward passes, swaps and merges.</param>
/// <param name="Time">The clock of retries and of measured durations.</param>
/// <param name="Log">The log of the classifier.</param>
/// <param name="Stopping">Canceled when the process stops.</param>
internal sealed record ServingContext(
    ModelRegistry Registry,
    TrainingRuns Runs,
    ModelLoader Loader,
    InferenceThread Thread,
    TimeProvider Time,
    ILogger Log,
    CancellationToken Stopping);
