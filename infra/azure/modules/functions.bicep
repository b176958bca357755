// The functions image in a container app that scales on the queue "articles" and on HTTP requests.

import { Identity } from 'identities.bicep'
import { Endpoints } from 'storage.bicep'

param location string
param name string
param environmentId string
param workloadProfile string
param cpu int
param registryServer string
param image string
param identity Identity
param storage Endpoints
param storageName string
param hostStorage Endpoints
param insightsConnectionString string
param baseModel string
param defaultClassifier string
param reviewThresholds object
param resultsQueue bool
param minReplicas int
param maxReplicas int
param functionAppKind bool
@secure()
param functionKey string
@secure()
param operatorKey string
@secure()
param adminKey string
@secure()
param eventKey string

@description('Waiting articles per replica, for the scaler. Not to be confused with batchSize in host.json: the messages that one replica receives at once.')
param articlesPerReplica int = 200

var port = 8080 // above 1024: the container does not run as root
var cacheFolder = '/cache'
var loadWait = '00:01:00' // how long an HTTP request waits while the model is loading

// Settings of identity-based connections, as the SDKs read them. Without __credential and __clientId the host does not
// use the user-assigned identity (azure-functions-host#10089).
var connections = [
  { name: 'AzureWebJobsStorage', endpoints: hostStorage }
  { name: 'Storage', endpoints: storage }
]
var connectionSettings = flatten(map(connections, each => [
  { name: '${each.name}__blobServiceUri', value: each.endpoints.blob }
  { name: '${each.name}__queueServiceUri', value: each.endpoints.queue }
  { name: '${each.name}__tableServiceUri', value: each.endpoints.table }
  { name: '${each.name}__credential', value: 'managedidentity' }
  { name: '${each.name}__clientId', value: identity.clientId }
]))

var hostSettings = [
  { name: 'FUNCTIONS_WORKER_RUNTIME', value: 'dotnet-isolated' }
  { name: 'FUNCTIONS_EXTENSION_VERSION', value: '~4' }
  { name: 'ASPNETCORE_URLS', value: 'http://+:${port}' }
  // By default the host id comes from the machine name, so every replica would have its own locks and blob receipts.
  { name: 'AzureFunctionsWebHost__hostid', value: name }
  // Each further worker process would load its own model (azure-functions-host#6985).
  { name: 'FUNCTIONS_WORKER_PROCESS_COUNT', value: '1' }
  // At SIGTERM the host finishes the invocations that have started. A batch that it is receiving at that moment may stay
  // invisible for ten minutes; nothing is lost.
  { name: 'FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING', value: 'true' }
  { name: 'AzureWebJobsSecretStorageType', value: 'ContainerApps' } // keys from the volume below
  // The host reads the body of each request into memory before it looks for a function. 24 bodies of its default limit, 100 MiB, end a
  // replica of 8 GiB. Requests of our own have at most 2 MB; a body over this limit gets the host's 500 without a body.
  { name: 'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT', value: '3000000' }
  { name: 'AzureWebJobsDisableHomepage', value: 'true' } // no page of Azure's at "/"
  { name: 'OTEL_SERVICE_NAME', value: name } // the role in Application Insights; by default the host is "unknown_service:dotnet"
  { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: insightsConnectionString }
  { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', value: 'Authorization=AAD;ClientId=${identity.clientId}' }
  { name: 'AZURE_CLIENT_ID', value: identity.clientId } // for DefaultAzureCredential
]

// One for each classifier with its own threshold.
var thresholdSettings = [for each in items(reviewThresholds): { name: 'Classifier__ReviewThresholds__${each.key}', value: string(each.value) }]

var classifierSettings = [
  { name: 'Classifier__Base', value: baseModel }
  { name: 'Classifier__Default', value: defaultClassifier }
  { name: 'Classifier__CacheFolder', value: cacheFolder }
  { name: 'Classifier__LoadAtStart', value: 'true' }
  // Without a version, the default classifier rejects every article. A version of the starter works with the starter's base only.
  { name: 'Starter__Publish', value: baseModel == 'serverless/starter' ? 'true' : 'false' }
  { name: 'Classifier__PollInterval', value: '00:00:30' }
  { name: 'Classifier__MaxBatch', value: '32' }
  { name: 'Classifier__MaxBatchTokens', value: '4096' }
  { name: 'Classifier__Precision', value: 'auto' }
  { name: 'Classifier__WaitingRoom', value: '1024' }
  { name: 'Classifier__LoadWait', value: loadWait }
  { name: 'Classifier__FirstVersionWait', value: '01:00:00' }
  { name: 'Classifier__ReviewThreshold', value: '0.6' }
  { name: 'Classifier__ResultsQueue', value: string(resultsQueue) }
  // One core is left to the host, so that health responds during a forward pass (azure-functions-dotnet-worker#2610).
  { name: 'Classifier__TorchThreads', value: string(max(cpu - 1, 1)) }
]

// Who may call which function. A test compares the lists with the functions of the app.
var callerFunctions = [
  'Classify'
  'FailedArticles'
  'LabelArticle'
  'LabelArticleById'
  'ModelFile'
  'ModelVersions'
  'Models'
  'OpenApi'
  'RecentResults'
  'ReplayFailed'
  'Results'
  'Review'
  'Runs'
  'Status'
]
var operatorFunctions = ['DatasetUpload', 'Datasets', 'ExportReview', 'PromoteModel'] // what decides which version serves

var secrets = [
  { name: 'host-master', value: adminKey }
  { name: 'host-function-default', value: functionKey }
  { name: 'operators', value: operatorKey }
  { name: 'host-systemkey-blobs-extension', value: eventKey }
]
// The Functions host reads one file per key. functions.{function}.{key} opens that function only. There is no host.function.{key},
// because the host accepts such a key for every function of the level "function", those of the operators included.
var keyFiles = concat(
  [
    { secretRef: 'host-master', path: 'host.master' }
    { secretRef: 'host-systemkey-blobs-extension', path: 'host.systemKey.blobs_extension' }
  ],
  map(callerFunctions, function => { secretRef: 'host-function-default', path: 'functions.${toLower(function)}.default' }),
  map(concat(callerFunctions, operatorFunctions), function => {
    secretRef: 'operators'
    path: 'functions.${toLower(function)}.operators'
  })
)

resource app 'Microsoft.App/containerApps@2025-07-01' = {
  name: name
  location: location
  kind: functionAppKind ? 'functionapp' : null
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identity.id}': {} } }
  properties: {
    environmentId: environmentId
    workloadProfileName: workloadProfile
    configuration: {
      activeRevisionsMode: 'Single' // two revisions would share the host id
      ingress: { external: true, targetPort: port, transport: 'auto', allowInsecure: false }
      registries: [{ server: registryServer, identity: identity.id }]
      secrets: secrets
    }
    template: {
      // Longer than loadWait and the forward pass of a batch.
      terminationGracePeriodSeconds: 120
      volumes: [
        { name: 'cache', storageType: 'EmptyDir' } // the replica's own disk, 8 GiB from 2 vCPU on; a base model takes 2.5 GB
        {
          name: 'keys'
          storageType: 'Secret'
          secrets: keyFiles
        }
      ]
      containers: [
        {
          name: 'functions'
          image: image
          resources: { cpu: json(string(cpu)), memory: '${2 * cpu}Gi' } // the only ratio that the Consumption profile allows
          env: concat(hostSettings, connectionSettings, classifierSettings, thresholdSettings)
          volumeMounts: [
            { volumeName: 'cache', mountPath: cacheFolder }
            { volumeName: 'keys', mountPath: '/run/secrets/functions-keys' }
          ]
          // The platform's default probes would stop a container that starts slowly. failureThreshold is at most 10.
          probes: [
            {
              type: 'Startup' // TCP only: a health probe would stop an app whose first load fails before it can retry
              tcpSocket: { port: port }
              periodSeconds: 6
              timeoutSeconds: 5
              failureThreshold: 10
            }
            {
              type: 'Readiness' // health is 503 after a failed load: no HTTP request is routed here until a load succeeds
              httpGet: { path: '/api/health', port: port }
              periodSeconds: 10
              timeoutSeconds: 5
              failureThreshold: 3
            }
            {
              type: 'Liveness' // restarts the container after five minutes of failed loads or without a response
              httpGet: { path: '/api/health', port: port }
              periodSeconds: 30
              timeoutSeconds: 10
              failureThreshold: 10
            }
          ]
        }
      ]
      scale: {
        // Kind "functionapp" accepts no rules, and its own rules fail with this identity, so one replica must always run.
        minReplicas: functionAppKind ? max(minReplicas, 1) : minReplicas
        maxReplicas: max(maxReplicas, minReplicas)
        pollingInterval: 30
        cooldownPeriod: 300
        rules: functionAppKind
          ? null
          : [
              {
                name: 'articles'
                custom: {
                  type: 'azure-queue'
                  identity: identity.id // needs API version 2025-01-01 or later; older ones ignore it without an error
                  metadata: {
                    accountName: storageName
                    queueName: 'articles'
                    queueLength: string(articlesPerReplica)
                    // Counts invisible messages too, so that a replica is not removed while it processes its batch.
                    queueLengthStrategy: 'all'
                  }
                }
              }
              { name: 'http', http: { metadata: { concurrentRequests: '16' } } }
            ]
      }
    }
  }
}

output host string = app.properties.configuration.ingress.fqdn
