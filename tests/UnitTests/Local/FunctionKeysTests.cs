using Microsoft.AspNetCore.Http;
using Serverless.Local.Hosting;
using Serverless.Local.Hosting.Worker;

namespace Serverless.UnitTests.Local;

public sealed class FunctionKeysTests
{
    private readonly FunctionKeys keys = new(new FunctionKey("callers"), new FunctionKey("operators"), new FunctionKey("admin"));

    [Theory]
    [InlineData("Classify", null, false)]
    [InlineData("Classify", "wrong", false)]
    [InlineData("Classify", "callers", true)]
    [InlineData("Classify", "operators", true)]
    [InlineData("Classify", "admin", true)]
    [InlineData("PromoteModel", "callers", false)]
    [InlineData("PromoteModel", "operators", true)]
    [InlineData("PromoteModel", "admin", true)]
    public void The_function_key_opens_no_function_of_operators(string function, string? key, bool isOpen) =>
        Assert.Equal(isOpen, keys.Authorize(function, AuthorizationLevel.Function, Request(key)));

    [Theory]
    [InlineData("operators", false)]
    [InlineData("admin", true)]
    public void A_function_of_the_level_admin_takes_the_admin_key_only(string key, bool isOpen) =>
        Assert.Equal(isOpen, keys.Authorize("Any", AuthorizationLevel.Admin, Request(key)));

    [Fact]
    public void The_functions_of_operators_are_those_of_the_deployment() =>
        Assert.Equal(Testing.FunctionApp.OperatorFunctions, FunctionKeys.OperatorFunctions.Order(StringComparer.Ordinal));

    private static HttpRequest Request(string? key)
    {
        var request = new DefaultHttpContext().Request;
        if (key is not null)
        {
            request.Headers["x-functions-key"] = key;
        }

        return request;
    }
}
