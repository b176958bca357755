using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Serverless.Storage;

namespace Serverless.Training;

/// <summary>The table <c>trainingruns</c> (PartitionKey = classifier, RowKey = version).</summary>
public sealed class TrainingRuns(StorageClients storage)
{
    private readonly TableClient table = storage.Table(StorageNames.TrainingRunsTable);

    /// <summary>Writes the row of a run. Replaces it unconditionally, since a run has one writer.</summary>
    public async Task WriteAsync(TrainingRun run, CancellationToken cancellationToken) =>
        await table.UpsertEntityAsync(ToRow(run), TableUpdateMode.Replace, cancellationToken);

    public async Task<TrainingRun?> FindAsync(string classifier, string version, CancellationToken cancellationToken)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>(classifier, version, cancellationToken: cancellationToken);
        return row.HasValue ? FromRow(row.Value!) : null;
    }

    /// <summary>Sets properties of a run's row and keeps the others. Does nothing if there is no such run.</summary>
    /// <remarks>For what happens to a version after its training, when the run's writer is gone.</remarks>
    public async Task MergePropertiesAsync(
        string classifier, string version, IReadOnlyDictionary<string, object> properties, CancellationToken cancellationToken)
    {
        try
        {
            var changes = new TableEntity(properties.ToDictionary(each => each.Key, each => each.Value is string text ? TableText.Shorten(text)! : each.Value))
            {
                PartitionKey = classifier,
                RowKey = version,
            };
            await table.UpdateEntityAsync(changes, ETag.All, TableUpdateMode.Merge, cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            // A version that was uploaded by hand has no run.
        }
    }

    /// <summary>Records in the run's row why its version cannot serve or, with an empty text, that it serves.</summary>
    /// <remarks>The text is empty and not null, since a merge cannot write null.</remarks>
    public Task RecordServingErrorAsync(string classifier, string version, string error, CancellationToken cancellationToken) =>
        MergePropertiesAsync(classifier, version, new Dictionary<string, object> { [nameof(TrainingRun.ServingProblem)] = error }, cancellationToken);

    /// <summary>The latest runs of one classifier, or of all for null, newest first.</summary>
    public async Task<IReadOnlyList<TrainingRun>> ListNewestAsync(string? classifier, int limit, CancellationToken cancellationToken)
    {
        var rows = classifier is null
            ? table.QueryAsync<TableEntity>(cancellationToken: cancellationToken)
            : table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {classifier}"), cancellationToken: cancellationToken);
        return await rows.Select(FromRow).OrderByDescending(run => run.Version, StringComparer.Ordinal).Take(limit).ToListAsync(cancellationToken);
    }

    /// <summary>All runs of a classifier, oldest first.</summary>
    public async Task<IReadOnlyList<TrainingRun>> ListAsync(string classifier, CancellationToken cancellationToken)
    {
        var rows = table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {classifier}"), cancellationToken: cancellationToken);
        return await rows.Select(FromRow).ToListAsync(cancellationToken);
    }

    private static TableEntity ToRow(TrainingRun run) => new(run.Classifier, run.Version)
    {
        ["State"] = ToCamelCase(run.State),
        ["Progress"] = run.Progress,
        ["Step"] = run.Step,
        ["Reason"] = TableText.Shorten(run.Reason),
        ["Dataset"] = run.Dataset,
        ["DatasetETag"] = run.DatasetETag,
        ["BaseModel"] = run.BaseModel,
        ["RequestedAt"] = run.RequestedAt,
        ["StartedAt"] = run.StartedAt,
        ["FinishedAt"] = run.FinishedAt,
        ["ServingProblem"] = run.ServingProblem,
        ["PromotedAt"] = run.PromotedAt,
        // JSON cannot represent NaN, which a training that diverged may have as a metric.
        ["Metrics"] = JsonSerializer.Serialize(run.Metrics.Where(metric => double.IsFinite(metric.Value)).ToDictionary(), StorageJson.Options),
    };

    private static TrainingRun FromRow(TableEntity row) => new(row.PartitionKey, row.RowKey)
    {
        State = Enum.Parse<TrainingState>(row.GetString("State"), ignoreCase: true),
        Progress = row.GetDouble("Progress") ?? 0,
        Step = row.GetString("Step"),
        Reason = row.GetString("Reason"),
        Dataset = row.GetString("Dataset"),
        DatasetETag = row.GetString("DatasetETag"),
        BaseModel = row.GetString("BaseModel"),
        RequestedAt = row.GetDateTimeOffset("RequestedAt"),
        StartedAt = row.GetDateTimeOffset("StartedAt"),
        FinishedAt = row.GetDateTimeOffset("FinishedAt"),
        ServingProblem = row.GetString("ServingProblem") is { Length: > 0 } problem ? problem : null,
        PromotedAt = row.GetDateTimeOffset("PromotedAt"),
        Metrics = JsonSerializer.Deserialize<Dictionary<string, double>>(row.GetString("Metrics") ?? "{}", StorageJson.Options)!,
    };

    private static string ToCamelCase(TrainingState state) => JsonNamingPolicy.CamelCase.ConvertName(state.ToString());
}
