using Serverless.Local;
using Serverless.Local.Hosting.Worker;

namespace Serverless.UnitTests.Local;

public sealed class FunctionMetadataTests
{
    [Fact]
    public void An_http_trigger_has_its_route_level_and_methods()
    {
        var function = Parse("""{"name":"request","type":"httpTrigger","authLevel":"Admin","methods":["put"],"route":"datasets/{classifier}/{file}"}""");

        var trigger = Assert.IsType<HttpTrigger>(function.Trigger);
        Assert.Equal(("request", "datasets/{classifier}/{file}", AuthorizationLevel.Admin), (function.Parameter, trigger.Route, trigger.Level));
        Assert.Equal(["PUT"], trigger.Methods);
    }

    [Fact]
    public void An_http_trigger_that_names_nothing_has_the_defaults_of_the_functions_host()
    {
        var trigger = Assert.IsType<HttpTrigger>(Parse("""{"name":"request","type":"httpTrigger"}""").Trigger);

        Assert.Equal((null, AuthorizationLevel.Function), (trigger.Route, trigger.Level));
        Assert.Equal(["GET", "POST"], trigger.Methods);
    }

    [Fact]
    public void A_queue_trigger_has_its_queue_and_connection() => Assert.Equal(
        new QueueTrigger("articles", "Storage"),
        Parse("""{"name":"message","type":"queueTrigger","queueName":"articles","connection":"Storage"}""").Trigger);

    [Fact]
    public void A_blob_trigger_has_its_path_and_connection() => Assert.Equal(
        new BlobTrigger("datasets/{name}", "Storage"),
        Parse("""{"name":"dataset","type":"blobTrigger","path":"datasets/{name}","source":"EventGrid","connection":"Storage"}""").Trigger);

    [Fact]
    public void A_function_with_another_trigger_is_named()
    {
        var exception = Assert.Throws<LocalSystemException>(() => Parse("""{"name":"timer","type":"timerTrigger","schedule":"0 * * * *"}"""));

        Assert.Contains("'Example'", exception.Message, StringComparison.Ordinal);
    }

    private static FunctionMetadata Parse(string binding) => FunctionMetadata.Parse("id", "Example", ["""{"name":"$return","type":"http","direction":"Out"}""", binding]);
}
