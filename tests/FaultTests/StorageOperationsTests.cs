using System.Collections.Concurrent;
using Serverless.FaultTests.Checks;
using Serverless.FaultTests.Programs;

namespace Serverless.FaultTests;

/// <summary>The storage operations of an article, which docs/scaling.md multiplies with prices and limits.</summary>
public sealed class StorageOperationsTests
{
    [Fact]
    public async Task An_article_takes_two_operations_each_on_blobs_and_tables_and_its_message_one()
    {
        const int articles = 20;
        await using var installation = await Installation.StartAsync();
        await using var functions = await installation.StartFunctions().ReadyAsync();
        var operations = new ConcurrentBag<string>();
        installation.Proxy.After = request =>
        {
            operations.Add(request);
            return Task.FromResult(true);
        };
        for (var number = 0; number < articles; number++)
        {
            await Articles.SendAsync(installation.Storage, number);
        }

        await ResultsCheck.ExactlyOneEachAsync(installation.Storage, [.. Enumerable.Range(0, articles).Select(Articles.Id)]);

        Assert.Equal(articles, Count("GET results/"));
        Assert.Equal(articles, Count("PUT results/"));
        Assert.Equal(articles, Count("PATCH recent(") + Count("PUT recent("));
        Assert.Equal(articles, Count("POST classifications"));
        Assert.Equal(articles, Count("DELETE articles/messages/"));
        Assert.Equal(2 * articles, operations.Count(operation => operation.Contains("results/", StringComparison.Ordinal)));
        Assert.Equal(2 * articles, operations.Count(operation => operation.Contains("recent", StringComparison.Ordinal) || operation.Contains("classifications", StringComparison.Ordinal)));

        int Count(string start) => operations.Count(operation => operation.StartsWith(start, StringComparison.Ordinal));
    }
}
