using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serverless.Functions;
using Serverless.Functions.Http;
using Serverless.Llama.Kernels;

var builder = FunctionsApplication.CreateBuilder(args);
var libtorch = TorchRuntime.InitializeAsync(builder.Configuration.GetValue<int?>("Classifier:TorchThreads"));
builder.ConfigureFunctionsWebApplication();
builder.UseMiddleware<ProblemDetailsMiddleware>();
builder.Services.AddTelemetry(builder.Configuration);
builder.Services.AddArticleClassifier(builder.Configuration);
builder.Services.AddSingleton<BodyMemory>();
if (builder.Configuration.GetValue<bool>("Starter:Publish"))
{
    builder.Services.AddHostedService<StarterService>();
}

// What the web server reads of a body before a function does; 1 MB by default, for each request that waits.
builder.Services.Configure<KestrelServerOptions>(server => server.Limits.MaxRequestBufferSize = 64 * 1024);
using var host = builder.Build();
await libtorch;
await host.RunAsync();
