namespace Serverless.Models;

/// <summary>The result of promoting a version. Each instance switches to it the next time that it reads the pointer.</summary>
/// <param name="Previous">The version that served before; null if none did.</param>
public sealed record Promotion(string Classifier, string Version, string? Previous);
