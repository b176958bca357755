namespace Serverless.Storage;

/// <summary>An article that a person is asked about, with what the model made of it.</summary>
/// <param name="Label">What the model said, as far as it is to be believed: see <paramref name="Score"/>.</param>
/// <param name="Time">When the model said so.</param>
public sealed record ReviewArticle(
    string Id,
    string Text,
    string? Title,
    string Label,
    double Score,
    IReadOnlyDictionary<string, double> Probabilities,
    string ModelVersion,
    DateTimeOffset Time);

/// <summary>The label that a person gave.</summary>
public sealed record PersonLabel(string Id, string Classifier, string Label, DateTimeOffset LabelledAt);

/// <summary>A text as it is trained on, title included, and the label that a person gave it.</summary>
public sealed record LabelledText(string Text, string Label);

/// <summary>What became of a label.</summary>
/// <param name="Given">Null if it was not taken: then nobody asked for this article, or <paramref name="Accepted"/> are the labels that can be given.</param>
public sealed record LabelOutcome(PersonLabel? Given, IReadOnlyList<string> Accepted);
