namespace Serverless.Serving;

/// <summary>Nothing is published under this name: asking again does not help.</summary>
public sealed class UnknownClassifierException(string classifier)
    : Exception($"There is no classifier '{classifier}': no version of it is published. Upload a data set to datasets/{classifier}/ to train one.");

/// <summary>Too many texts are inside already: ask again in a moment.</summary>
public sealed class QueueFullException(int capacity)
    : Exception($"{capacity:N0} articles are being classified or waiting already; try again in a moment.");

/// <summary>The model is still being loaded, or could not be loaded and is tried again.</summary>
public sealed class ModelNotReadyException(string message) : Exception(message);
