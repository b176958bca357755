using System.Text.Json;

namespace Serverless.Models;

/// <summary>A version in the container <c>models</c>.</summary>
/// <param name="Metrics">The content of its <c>metrics.json</c>, as the trainer wrote it; null if it has none.</param>
public sealed record ModelVersion(string Classifier, string Version, ModelManifest Manifest, JsonElement? Metrics);
