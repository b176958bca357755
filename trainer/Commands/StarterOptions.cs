using System.CommandLine;
using Serverless.Models;

namespace Serverless.Trainer.Commands;

/// <summary>The options that name a model. Their default is the starter model that comes with the program.</summary>
internal static class StarterOptions
{
    public static Option<DirectoryInfo> Base() => new Option<DirectoryInfo>("--base")
    {
        Description = "Hugging Face folder of the base model.",
        HelpName = "folder",
        DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(StarterModel.Folder, "base")),
    }.AcceptExistingOnly();

    public static Option<DirectoryInfo> Adapter() => new Option<DirectoryInfo>("--adapter")
    {
        Description = "Folder of the adapter, as the command train writes it.",
        HelpName = "folder",
        DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(StarterModel.Folder, "adapters", "news")),
    }.AcceptExistingOnly();

    public static Option<string> Precision() => new Option<string>("--precision")
    {
        Description = "Data type of the weights.",
        DefaultValueFactory = _ => "auto",
    }.AcceptOnlyFromAmong("auto", "bf16", "fp16", "fp32");

    /// <summary>The name of the base model in the adapter's files: the starter's name, or the folder as it was given.</summary>
    public static string GetBaseName(DirectoryInfo baseFolder) =>
        baseFolder.FullName == Path.GetFullPath(Path.Combine(StarterModel.Folder, "base")) ? StarterModel.BaseModel : baseFolder.ToString();
}
