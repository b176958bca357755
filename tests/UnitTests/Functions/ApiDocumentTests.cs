using System.Text.Json;
using Serverless.Functions.Api;
using Serverless.Functions.Contract;

namespace Serverless.UnitTests.Functions;

public sealed class ApiDocumentTests
{
    [Fact]
    public async Task Every_function_with_an_answer_is_in_the_document_with_the_key_that_it_asks_for()
    {
        var paths = (await DocumentAsync()).GetProperty("paths");

        Assert.Equal(
            [
                "get /health -", "get /models functionKey", "get /models/{classifier} functionKey", "get /models/{classifier}/{version}/files/{file} functionKey",
                "get /openapi.json functionKey", "get /results/{classifier} functionKey", "get /results/{classifier}/{id} functionKey", "get /review/{classifier} functionKey",
                "get /runs functionKey", "get /ui -", "get /ui/{file} -", "post /classify functionKey", "post /classify/{classifier} functionKey", "post /datasets/{classifier} adminKey", "post /models/{classifier}/{version}/promote adminKey",
                "post /review/{classifier}/{id} functionKey", "put /datasets/{classifier}/{file} adminKey",
            ],
            (from path in paths.EnumerateObject() from operation in path.Value.EnumerateObject() select $"{operation.Name} {path.Name} {Key(operation.Value)}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Operations_have_names_of_their_own_and_references_that_exist()
    {
        var document = await DocumentAsync();
        var text = document.GetRawText();

        var names = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()).Select(operation => operation.Value.GetProperty("operationId").GetString()).ToArray();
        var schemas = document.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(schema => schema.Name).ToHashSet();

        Assert.Equal(names.Distinct(), names);
        Assert.All(
            System.Text.RegularExpressions.Regex.Matches(text, "\"#/components/schemas/(\\w+)\"").Select(reference => reference.Groups[1].Value), name => Assert.Contains(name, schemas));
    }

    private static async Task<JsonElement> DocumentAsync() =>
        JsonDocument.Parse(await new ApiDocument(typeof(Classify).Assembly.GetExportedTypes()).ToJsonAsync(TestContext.Current.CancellationToken)).RootElement;

    private static string Key(JsonElement operation) =>
        operation.TryGetProperty("security", out var security) ? security[0].EnumerateObject().Single().Name : "-";
}
