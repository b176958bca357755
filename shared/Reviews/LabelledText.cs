namespace Serverless.Reviews;

/// <summary>A text as it is trained on, title included, with the label that a person gave it.</summary>
public sealed record LabelledText(string Text, string Label);
