# The trainer with libtorch for CUDA. Build it in the root of the repository:
#   docker build --platform linux/amd64 -f infra/containers/trainer.Dockerfile -t trainer .
# --build-arg CUDA=false builds the small image that trains on the CPU.
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
# CUDA and libtorch have several gigabytes and change once a year, so they are a layer of their own below the few megabytes of the program.
COPY --from=build /native/ ./
COPY --from=build /publish/ ./
ENV Classifier__CacheFolder=/cache
# The user "app" of the .NET images
USER 1654
# A job has no health endpoint.
HEALTHCHECK NONE
ENTRYPOINT ["./trainer"]
CMD ["run"]
