namespace Serverless.Llama.Kernels;

/// <summary>A part of the texts of a batch, computed on one thread.</summary>
/// <param name="Texts">Indices of the texts in the batch.</param>
/// <param name="Index">Index of the partition, from 0.</param>
/// <param name="Count">Number of partitions that are computed at the same time.</param>
public readonly record struct Partition(IReadOnlyList<int> Texts, int Index, int Count);
