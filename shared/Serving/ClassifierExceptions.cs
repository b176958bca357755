namespace Serverless.Serving;

/// <summary>Nothing is published under this name: a retry does not help.</summary>
public sealed class UnknownClassifierException(string classifier)
    : Exception($"There is no classifier '{classifier}': no version of it is published. Upload a data set to datasets/{classifier}/ to train one.");

/// <summary>Too many texts are in flight: retry in a moment.</summary>
public sealed class QueueFullException(int capacity)
    : Exception($"The queue of the classifier is full: it holds at most {capacity:N0} articles. Try again in a moment.");

/// <summary>The model is still being loaded, or could not be loaded and is retried.</summary>
public sealed class ModelNotReadyException(string message) : Exception(message);
