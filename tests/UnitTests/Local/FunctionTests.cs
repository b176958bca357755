using Microsoft.Azure.Functions.Worker;
using Serverless.Functions;
using Serverless.Local.Hosting;

namespace Serverless.UnitTests.Local;

public sealed class FunctionTests
{
    [Fact]
    public void Every_function_has_the_name_and_trigger_that_the_deployment_relies_on()
    {
        var functions = Function.Of(typeof(Classify).Assembly.GetExportedTypes());

        Assert.Equal(
            [
                "Classify: post classify/{classifier?} Function",
                "ClassifyArticle: queue articles of Storage",
                "Datasets: put datasets/{classifier}/{file} Admin",
                "ExportReview: post datasets/{classifier} Admin",
                "Health: get health Anonymous",
                "LabelArticle: post review/{classifier}/{*id} Function",
                "ModelFile: get models/{classifier}/{version}/files/{*file} Function",
                "ModelVersions: get models/{classifier} Function",
                "Models: get models Function",
                "OpenApi: get openapi.json Function",
                "Page: get ui/{file?} Anonymous",
                "PromoteModel: post models/{classifier}/{version}/promote Admin",
                "RecentResults: get results/{classifier} Function",
                "RecordPoisonArticle: queue articles-poison of Storage",
                "Results: get results/{classifier}/{*id} Function",
                "RetrainOnDataset: EventGrid blob datasets/{name} of Storage",
                "Review: get review/{classifier} Function",
                "Runs: get runs Function",
            ],
            functions.Select(function => $"{function.Name}: {Describe(function.Trigger)}"));
    }

    [Fact]
    public void No_function_goes_on_unobserved_after_it_has_returned() => Assert.All(
        Function.Of(typeof(Classify).Assembly.GetExportedTypes()), function => Assert.NotEqual(typeof(void), function.Method.ReturnType));

    [Fact]
    public void A_function_without_a_trigger_is_named()
    {
        var exception = Assert.Throws<InvalidOperationException>(() => Function.Of([typeof(WithoutTrigger)]));

        Assert.Contains("'Lonely'", exception.Message, StringComparison.Ordinal);
    }

    private static string Describe(Attribute trigger) => trigger switch
    {
        QueueTriggerAttribute queue => $"queue {queue.QueueName} of {queue.Connection}",
        BlobTriggerAttribute blob => $"{blob.Source} blob {blob.BlobPath} of {blob.Connection}",
        HttpTriggerAttribute http => $"{string.Join(',', http.Methods!)} {http.Route} {http.AuthLevel}",
        _ => throw new InvalidOperationException(),
    };

    public static class WithoutTrigger
    {
        [Function("Lonely")]
        public static void Run(string text) => ArgumentNullException.ThrowIfNull(text);
    }
}
