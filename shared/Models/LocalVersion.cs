namespace Serverless.Models;

/// <summary>A version in the local cache.</summary>
/// <param name="Folder">
/// Holds <c>adapter_config.json</c>, <c>adapter_model.safetensors</c>, <c>labels.json</c> and <c>metrics.json</c>, but no reports and plots.
/// </param>
public sealed record LocalVersion(string Classifier, string Version, string Folder, ModelManifest Manifest);
