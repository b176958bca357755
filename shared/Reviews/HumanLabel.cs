namespace Serverless.Reviews;

/// <summary>The label that a person gave.</summary>
public sealed record HumanLabel(string Id, string Classifier, string Label, DateTimeOffset LabelledAt);

/// <summary>What became of a label.</summary>
/// <param name="Given">Null if it was not taken: then nobody asked for this article, or <paramref name="Accepted"/> are the labels that can be given.</param>
public sealed record LabelOutcome(HumanLabel? Given, IReadOnlyList<string> Accepted);
