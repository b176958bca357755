# The functions on the official image of the Azure Functions host, isolated worker, .NET 10. Build it from the root of
# the repository:  docker build --platform linux/amd64 -f infra/containers/functions.Dockerfile -t functions .
FROM mcr.microsoft.com/dotnet/sdk:10.0.401-noble AS build
WORKDIR /src
COPY global.json Directory.Build.props Directory.Packages.props host.json ./
COPY shared/ shared/
COPY functions/ functions/
# linux-x64: only its native files are copied, and the program is compiled ahead of time (Functions.csproj).
RUN dotnet publish functions/Functions.csproj -c Release -r linux-x64 --no-self-contained \
      -p:CreateHardLinksForPublishFilesIfPossible=false -o /publish \
 && mkdir /native && mv /publish/*.so /publish/*.so.* /native/

# The finest tag that this line has; CI writes down the digest that it stood for.
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
    Classifier__CacheFolder=/cache
# libtorch is half a gigabyte and changes once a year: its own layer, below the program's few megabytes.
COPY --from=build /native/ /home/site/wwwroot/
COPY --from=build /publish/ /home/site/wwwroot/
USER functions
EXPOSE 8080
# Container Apps has its own probes; this one is for every other place that runs the image.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["functions-health.sh", "8080"]
