using Serverless.Llama;
using Serverless.Storage;

namespace Serverless.Trainer.Hub;

/// <summary>
/// The <c>training.json</c> of each family of bases: the settings of the published recipe, or those of the family's own recipe where there is one
/// (docs/bases.md names the sources).
/// </summary>
internal static class Recipe
{
    private const string SmolLm2 = "smollm2";

    /// <summary>Writes the file into a base folder that has none.</summary>
    /// <returns>The name of the family; null if the folder has a file of its own.</returns>
    public static string? Write(string repository, LlamaConfig config, string folder)
    {
        var path = Path.Combine(folder, StorageNames.TrainingFile);
        if (File.Exists(path))
        {
            return null;
        }

        // A SmolLM2 is a Llama by its architecture, but was trained with larger steps.
        var family = repository.Contains(SmolLm2, StringComparison.OrdinalIgnoreCase) ? SmolLm2 : config.ModelType;
        using var file = File.Create(path);
        using var recipe = Open(family);
        recipe.CopyTo(file);
        return family;
    }

    /// <summary>The settings of a family as JSON.</summary>
    internal static Stream Open(string family) => typeof(Recipe).Assembly.GetManifestResourceStream($"Recipes.{family}.json")
        ?? throw new InvalidOperationException($"There is no recipe for the family {family}.");
}
