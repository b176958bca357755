using System.CommandLine;
using Serverless.Llama;
using Serverless.Llama.Files;
using Serverless.Storage;
using Serverless.Trainer.Hub;
using Serverless.Trainer.Progress;

namespace Serverless.Trainer.Commands;

/// <summary><c>trainer download</c>: downloads a base model or a data set from the Hugging Face Hub.</summary>
internal static class DownloadCommand
{
    private const string DefaultEndpoint = "https://huggingface.co";

    public static Command Create()
    {
        var kind = new Argument<string>("kind") { Description = "model or dataset." }.AcceptOnlyFromAmong("model", "dataset");
        var name = new Argument<string>("name") { Description = "Repository name: owner/name." };
        var revision = new Option<string>("--revision") { HelpName = "name", Description = "Branch, tag or commit.", DefaultValueFactory = _ => "main" };
        var folder = new Option<string?>("--folder")
        {
            Description = "Download only this folder of the repository, for example one configuration of a data set.",
        };
        var output = new Option<DirectoryInfo?>("--output") { Description = "Target folder [NAME without its owner].", HelpName = "folder" };
        var endpoint = new Option<string>("--endpoint")
        {
            HelpName = "address",
            Description = "Address of the Hub or of a mirror [HF_ENDPOINT].",
            DefaultValueFactory = _ => Environment.GetEnvironmentVariable("HF_ENDPOINT") is { Length: > 0 } address ? address : DefaultEndpoint,
        };
        var command = new Command("download", "Download a base model or a data set from the Hugging Face Hub; the access token is read from HF_TOKEN.")
        {
            kind, name, revision, folder, output, endpoint,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var repository = new HubRepository(
                parsed.GetRequiredValue(kind) == "dataset", parsed.GetRequiredValue(name).Trim('/'), parsed.GetRequiredValue(revision));
            var target = parsed.GetValue(output)?.FullName ?? Path.GetFullPath(repository.Name.Split('/')[^1]);
            using var http = HubClient.CreateHttpClient();
            var token = Environment.GetEnvironmentVariable("HF_TOKEN") is { Length: > 0 } found ? found : null;
            var hub = new HubClient(http, Address(parsed.GetRequiredValue(endpoint)), token);
            await DownloadAsync(hub, HubRetry.Default(TimeProvider.System), repository, parsed.GetValue(folder), target, Console.Error, cancellationToken);
            Console.Error.WriteLine(repository.IsDataSet ? $"Train on it with: trainer train --data {target}" : $"Use it with: --base {target}");
        });
        return command;
    }

    /// <summary>Downloads the files of a repository that the trainer needs.</summary>
    internal static async Task DownloadAsync(
        HubClient hub, HubRetry retry, HubRepository repository, string? folder, string target, TextWriter log, CancellationToken cancellationToken)
    {
        var (pinned, listed) = await ListAsync(hub, retry, repository, log, cancellationToken);
        var files = NeededFiles.Select(pinned, listed, folder);
        var size = FileSize.Format(files.Sum(file => file.Size));
        log.WriteLine($"{repository.Name} at {pinned.Revision}: {files.Count} of {listed.Length} files, {size}, to {target}");
        var download = new HubDownload(hub, retry);
        if (repository.IsDataSet)
        {
            await FetchAsync(files);
            return;
        }

        var isWeight = files.ToLookup(file => !NeededFiles.Required.Contains(Path.GetFileName(file.Path)));
        await FetchAsync([.. isWeight[false]]);
        var config = RequireSupported(repository, target);
        await FetchAsync([.. isWeight[true]]);
        if (Recipe.Write(repository.Name, config, target) is { } recipe)
        {
            log.WriteLine($"{StorageNames.TrainingFile}: the settings for {recipe}");
        }

        Task FetchAsync(IReadOnlyList<HubFile> some) => DownloadDisplay.ShowAsync(log, some, async (file, progress) =>
            await download.FetchAsync(pinned, file, Path.Combine(target, Below(file.Path, repository.IsDataSet ? null : folder)), progress, cancellationToken));
    }

    /// <summary>Checks the architecture and the tokenizer, before gigabytes of weights are downloaded.</summary>
    private static LlamaConfig RequireSupported(HubRepository repository, string target)
    {
        try
        {
            var files = HuggingFaceFolder.Open(target);
            files.ReadTokenizer();
            return files.Config;
        }
        catch (InvalidDataException exception)
        {
            throw new HubException($"{repository.Name} cannot be a base model: {exception.Message}");
        }
    }

    private static async Task<(HubRepository Pinned, HubFile[] Files)> ListAsync(
        HubClient hub, HubRetry retry, HubRepository repository, TextWriter log, CancellationToken cancellationToken)
    {
        try
        {
            return await retry.Pipeline(log.WriteLine).ExecuteAsync(
                async cancel =>
                {
                    var pinned = await hub.ResolveAsync(repository, cancel);
                    return (pinned, await hub.ListAsync(pinned, cancel).ToArrayAsync(cancel));
                },
                cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new HubException(
                $"{hub.Endpoint.Authority} cannot be reached ({exception.Message.TrimEnd('.')}); " +
                "check the network, or name a mirror with --endpoint (or HF_ENDPOINT).");
        }
    }

    // A base model folder is flat: a model's files go into the target without the repository folder.
    private static string Below(string path, string? folder) => folder is null ? path : path[(folder.Trim('/').Length + 1)..];

    private static Uri Address(string endpoint) =>
        Uri.TryCreate($"{endpoint.TrimEnd('/')}/", UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new HubException($"--endpoint (or HF_ENDPOINT) is '{endpoint}'; it must be an address such as {DefaultEndpoint}.");
}
