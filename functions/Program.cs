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
using var host = builder.Build();
await libtorch;
await host.RunAsync();
