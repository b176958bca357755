using Azure;
using Azure.Data.Tables;

namespace Serverless.Storage;

/// <summary>Reads a table page by page.</summary>
internal static class TablePaging
{
    /// <summary>Reads the next rows of a query, in the order of the table. A page may have fewer rows than the limit before the end.</summary>
    /// <exception cref="BadContinuationException">The continuation is not valid.</exception>
    public static async Task<ListPage<TableEntity>> ReadAsync(
        TableClient table, string filter, int limit, string? continuation, CancellationToken cancellationToken)
    {
        try
        {
            var rows = table.QueryAsync<TableEntity>(filter, limit, cancellationToken: cancellationToken);
            await foreach (var page in rows.AsPages(Continuation.Decode(continuation), limit))
            {
                // The service may return empty pages while it searches.
                if (page.Values.Count > 0 || page.ContinuationToken is null)
                {
                    return new ListPage<TableEntity>(page.Values, Continuation.Encode(page.ContinuationToken));
                }
            }

            return new ListPage<TableEntity>([], null);
        }
        catch (RequestFailedException exception) when (exception.Status == 400 && continuation is not null)
        {
            throw new BadContinuationException();
        }
    }
}
