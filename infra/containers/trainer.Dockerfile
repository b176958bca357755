# The trainer with CUDA's libtorch. Build it from the root of the repository:
#   docker build --platform linux/amd64 -f infra/containers/trainer.Dockerfile -t trainer .
# --build-arg CUDA=false builds the small one that trains on the CPU.
FROM mcr.microsoft.com/dotnet/sdk:10.0.401-noble AS build
ARG CUDA=true
WORKDIR /src
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY shared/ shared/
COPY trainer/ trainer/
RUN dotnet publish trainer/Trainer.csproj -c Release -r linux-x64 --no-self-contained \
      -p:Cuda=${CUDA} -p:CreateHardLinksForPublishFilesIfPossible=false -o /publish \
 && mkdir /native && mv /publish/*.so /publish/*.so.* /native/

FROM mcr.microsoft.com/dotnet/runtime:10.0.12-noble
COPY infra/containers/native-libraries.sh /usr/local/bin/
RUN native-libraries.sh install \
 && mkdir /cache && chown 1654 /cache
WORKDIR /app
# CUDA and libtorch are several gigabytes and change once a year: their own layer, below the program's few megabytes.
COPY --from=build /native/ ./
COPY --from=build /publish/ ./
ENV Classifier__CacheFolder=/cache
# The user "app" of the .NET images.
USER 1654
# A job that ends by itself has no health to ask for.
HEALTHCHECK NONE
ENTRYPOINT ["./trainer"]
CMD ["run"]
