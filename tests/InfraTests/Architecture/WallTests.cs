namespace Serverless.InfraTests.Architecture;

/// <summary>The namespaces that each folder must not use.</summary>
public sealed class WallTests
{
    [Theory]
    [InlineData("shared", "Microsoft.Azure.Functions", "Microsoft.AspNetCore", "Serverless.Trainer", "Serverless.Functions", "Serverless.Local")]
    [InlineData("shared/Llama", "Azure", "Microsoft.Extensions", "Serverless.Articles", "Serverless.Models", "Serverless.Reviews")]
    [InlineData("shared/Llama", "Serverless.Serving", "Serverless.Storage", "Serverless.Training")]
    [InlineData("shared/Reviews", "Serverless.Articles")]
    [InlineData("functions", "TorchSharp", "Serverless.Trainer", "Serverless.Local")]
    [InlineData("trainer", "Serverless.Serving", "Serverless.Functions", "Serverless.Local", "Microsoft.Azure.Functions", "Microsoft.AspNetCore")]
    [InlineData("infra/local", "TorchSharp", "Serverless.Trainer", "Serverless.Functions")]
    [InlineData("trainer/Training", "Serverless.Trainer.Reports")]
    [InlineData("trainer/Evaluation", "Serverless.Trainer.Reports", "Serverless.Trainer.Training", "Serverless.Trainer.Jobs", "Serverless.Trainer.Progress")]
    public void A_folder_does_not_use_these_namespaces(string folder, params string[] forbidden)
    {
        var files = SourceFile.In(folder, ".cs");

        var violations =
            from file in files
            from used in file.Usings
            where forbidden.Any(name => used == name || used.StartsWith($"{name}.", StringComparison.Ordinal))
            select $"{file.Path} uses {used}";

        Assert.NotEmpty(files);
        Assert.True(!violations.Any(), string.Join('\n', violations));
    }

    [Fact]
    public void The_network_does_not_use_its_file_formats()
    {
        var files = SourceFile.In("shared/Llama", ".cs").Where(file => file.Namespace == "Serverless.Llama").ToList();

        Assert.NotEmpty(files);
        Assert.Empty(files.Where(file => file.Usings.Contains("Serverless.Llama.Files")).Select(file => file.Path));
    }

    [Fact]
    public void The_evaluation_uses_only_the_data_of_the_trainer()
    {
        var used = SourceFile.In("trainer/Evaluation", ".cs").SelectMany(file => file.Usings)
            .Where(name => name.StartsWith("Serverless.Trainer.", StringComparison.Ordinal));

        Assert.Empty(used.Distinct().Except(["Serverless.Trainer.Data", "Serverless.Trainer.Evaluation"]));
    }

    [Theory]
    [InlineData("shared/Llama/LlamaConfig.cs", "Serverless.Llama")]
    [InlineData("trainer/Evaluation/Gate.cs", "Serverless.Trainer.Evaluation")]
    public void The_namespace_of_a_file_is_read(string path, string expected) =>
        Assert.Equal(expected, SourceFile.In(Path.GetDirectoryName(path)!, ".cs").Single(file => file.Path == path).Namespace);

    [Theory]
    [InlineData("using Serverless.Serving;", "Serverless.Serving")]
    [InlineData("using static TorchSharp.torch;", "TorchSharp.torch")]
    [InlineData("global using Azure.Storage.Blobs;", "Azure.Storage.Blobs")]
    [InlineData("using Tensor = TorchSharp.torch;", "TorchSharp.torch")]
    [InlineData("    return Serverless.Serving.Prediction.Empty;", "Serverless.Serving")]
    public void Every_form_of_use_is_found(string line, string expected) =>
        Assert.StartsWith(expected, Assert.Single(new SourceFile("File.cs", [line]).Usings));

    [Theory]
    [InlineData("// using Serverless.Serving;")]
    [InlineData("/// <see cref=\"Serverless.Serving.Prediction\"/>")]
    [InlineData("using var file = File.OpenRead(path);")]
    [InlineData("namespace Serverless.Serving.Parts;")]
    public void Comments_variables_and_the_own_namespace_are_not_found(string line) => Assert.Empty(new SourceFile("File.cs", [line]).Usings);
}
