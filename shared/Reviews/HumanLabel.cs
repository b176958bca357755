namespace Serverless.Reviews;

/// <summary>The label that a person gave to an article.</summary>
public sealed record HumanLabel(string Id, string Classifier, string Label, DateTimeOffset LabelledAt);
