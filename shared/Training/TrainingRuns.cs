using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Serverless.Storage;

namespace Serverless.Training;

/// <summary>The table <c>trainingruns</c> (PartitionKey = classifier, RowKey = version).</summary>
public sealed class TrainingRuns(StorageClients storage)
{
    private readonly TableClient table = storage.Table(StorageNames.TrainingRunsTable);

    /// <summary>Writes the row, whatever stood there: a run has one writer.</summary>
    public async Task WriteAsync(TrainingRun run, CancellationToken cancellationToken) =>
        await table.UpsertEntityAsync(ToRow(run), TableUpdateMode.Replace, cancellationToken);

    public async Task<TrainingRun?> FindAsync(string classifier, string version, CancellationToken cancellationToken)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>(classifier, version, cancellationToken: cancellationToken);
        return row.HasValue ? FromRow(row.Value!) : null;
    }

    /// <summary>Adds to the row of a run, beside its writer: what became of its version later. Does nothing if there is no such run.</summary>
    public async Task NoteAsync(string classifier, string version, IReadOnlyDictionary<string, object> properties, CancellationToken cancellationToken)
    {
        try
        {
            var note = new TableEntity(properties.ToDictionary(each => each.Key, each => each.Value is string text ? TableText.Shortened(text)! : each.Value))
            {
                PartitionKey = classifier,
                RowKey = version,
            };
            await table.UpdateEntityAsync(note, ETag.All, TableUpdateMode.Merge, cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
        }
    }

    /// <summary>The newest runs, of all classifiers or of one, the newest first.</summary>
    public async Task<IReadOnlyList<TrainingRun>> ListNewestAsync(string? classifier, int limit, CancellationToken cancellationToken)
    {
        var rows = classifier is null
            ? table.QueryAsync<TableEntity>(cancellationToken: cancellationToken)
            : table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {classifier}"), cancellationToken: cancellationToken);
        return await rows.Select(FromRow).OrderByDescending(run => run.Version, StringComparer.Ordinal).Take(limit).ToListAsync(cancellationToken);
    }

    /// <summary>All runs of a classifier, the newest version last.</summary>
    public async Task<IReadOnlyList<TrainingRun>> ListAsync(string classifier, CancellationToken cancellationToken)
    {
        var rows = table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {classifier}"), cancellationToken: cancellationToken);
        return await rows.Select(FromRow).ToListAsync(cancellationToken);
    }

    private static TableEntity ToRow(TrainingRun run) => new(run.Classifier, run.Version)
    {
        ["State"] = Word(run.State),
        ["Progress"] = run.Progress,
        ["Step"] = run.Step,
        ["Reason"] = TableText.Shortened(run.Reason),
        ["Dataset"] = run.Dataset,
        ["DatasetETag"] = run.DatasetETag,
        ["BaseModel"] = run.BaseModel,
        ["RequestedAt"] = run.RequestedAt,
        ["StartedAt"] = run.StartedAt,
        ["FinishedAt"] = run.FinishedAt,
        ["ServingProblem"] = run.ServingProblem,
        ["PromotedAt"] = run.PromotedAt,
        // JSON has no word for NaN; the figures of a training that went wrong may be one.
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

    private static string Word(TrainingState state) => JsonNamingPolicy.CamelCase.ConvertName(state.ToString());
}
