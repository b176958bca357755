namespace Serverless.Reviews;

/// <summary>The result of labelling an article.</summary>
/// <param name="Label">Null if the label was rejected because it is not one of <paramref name="AcceptedLabels"/>.</param>
/// <param name="AcceptedLabels">The labels of the classifier.</param>
public sealed record LabelOutcome(HumanLabel? Label, IReadOnlyList<string> AcceptedLabels);
