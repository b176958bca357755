# The functions on the official image of the Azure Functions host, isolated worker, .NET 10. Build it in the root of
# the repository:  docker build --platform linux/amd64 -f infra/containers/functions.Dockerfile -t functions .
FROM mcr.microsoft.com/dotnet/sdk:10.0.401-noble AS build
WORKDIR /src
COPY global.json Directory.Build.props Directory.Packages.props host.json ./
COPY shared/ shared/
COPY functions/ functions/
# linux-x64: publishes only its native files and compiles the program ahead of time (Functions.csproj).
RUN dotnet publish functions/Functions.csproj -c Release -r linux-x64 --no-self-contained \
      -p:CreateHardLinksForPublishFilesIfPossible=false -o /publish \
 && mkdir /native && mv /publish/*.so /publish/*.so.* /native/

# There is no more specific tag; the workflow logs the digest.
FROM mcr.microsoft.com/azure-functions/dotnet-isolated:4-dotnet-isolated10.0
COPY infra/containers/native-libraries.sh infra/containers/functions-health.sh /usr/local/bin/
RUN native-libraries.sh install \
 && useradd --system --uid 10001 --home-dir /home --no-create-home functions \
 && mkdir -p /home/site/wwwroot /cache \
 && chown -R functions /home /cache
ENV AzureWebJobsScriptRoot=/home/site/wwwroot \
    AzureFunctionsJobHost__Logging__Console__IsEnabled=true \
    FUNCTIONS_WORKER_RUNTIME=dotnet-isolated \
    ASPNETCORE_URLS=http://+:8080 \
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT=3000000 \
    AzureWebJobsDisableHomepage=true \
    OTEL_SERVICE_NAME=functions \
    Classifier__CacheFolder=/cache
# libtorch has half a gigabyte and changes once a year, so it is a layer of its own below the few megabytes of the program.
COPY --from=build /native/ /home/site/wwwroot/
COPY --from=build /publish/ /home/site/wwwroot/
USER functions
EXPOSE 8080
# Container Apps uses its own probes; this check is for other container platforms.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["functions-health.sh", "8080"]
