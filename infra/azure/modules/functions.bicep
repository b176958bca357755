// The functions: the Functions image in a container app that scales on the queue "articles" and on HTTP requests.

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
param minReplicas int
param maxReplicas int
param functionAppKind bool
@secure()
param functionKey string
@secure()
param adminKey string
@secure()
param eventKey string

@description('Waiting articles for each replica that the scaler adds. host.json\'s batchSize is another thing: what one replica takes at once.')
param articlesPerReplica int = 200

var port = 8080 // above 1024: the container does not run as root
var cacheFolder = '/cache'
var loadWait = '00:01:00' // what an HTTP request waits for a model that is being loaded

// Names are those of the SDKs' identity-based connections. Without __credential and __clientId a user-assigned identity
// is not found (azure-functions-host#10089).
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
  // The host would call itself after its machine, so every replica would have its own locks and blob receipts.
  { name: 'AzureFunctionsWebHost__hostid', value: name }
  // Each worker process would load its own model (azure-functions-host#6985).
  { name: 'FUNCTIONS_WORKER_PROCESS_COUNT', value: '1' }
  // Without it the host stops at SIGTERM with messages in hand, which then hide for ten minutes.
  { name: 'FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING', value: 'true' }
  { name: 'AzureWebJobsSecretStorageType', value: 'ContainerApps' } // keys from the volume below
  { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: insightsConnectionString }
  { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', value: 'Authorization=AAD;ClientId=${identity.clientId}' }
  { name: 'AZURE_CLIENT_ID', value: identity.clientId } // for DefaultAzureCredential
]

// One for each classifier whose threshold is not the common one.
var thresholdSettings = [for each in items(reviewThresholds): { name: 'Classifier__ReviewThresholds__${each.key}', value: string(each.value) }]

var classifierSettings = [
  { name: 'Classifier__Base', value: baseModel }
  { name: 'Classifier__Default', value: defaultClassifier }
  { name: 'Classifier__CacheFolder', value: cacheFolder }
  { name: 'Classifier__LoadAtStart', value: 'true' }
  { name: 'Classifier__PollInterval', value: '00:00:30' }
  { name: 'Classifier__MaxBatch', value: '32' }
  { name: 'Classifier__MaxBatchTokens', value: '4096' }
  { name: 'Classifier__Precision', value: 'auto' }
  { name: 'Classifier__WaitingRoom', value: '1024' }
  { name: 'Classifier__LoadWait', value: loadWait }
  { name: 'Classifier__ReviewThreshold', value: '0.6' }
  // One core is left to the host, so that health answers while a forward pass runs (azure-functions-dotnet-worker#2610).
  { name: 'Classifier__TorchThreads', value: string(max(cpu - 1, 1)) }
]

// The Functions host reads one file a key; secret names allow no dot, hence the two spellings.
var keys = [
  { secret: 'host-master', file: 'host.master', value: adminKey }
  { secret: 'host-function-default', file: 'host.function.default', value: functionKey }
  { secret: 'host-systemkey-blobs-extension', file: 'host.systemKey.blobs_extension', value: eventKey }
]

resource app 'Microsoft.App/containerApps@2025-07-01' = {
  name: name
  location: location
  kind: functionAppKind ? 'functionapp' : null
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identity.id}': {} } }
  properties: {
    environmentId: environmentId
    workloadProfileName: workloadProfile
    configuration: {
      activeRevisionsMode: 'Single' // two revisions would share one host id
      ingress: { external: true, targetPort: port, transport: 'auto', allowInsecure: false }
      registries: [{ server: registryServer, identity: identity.id }]
      secrets: [for key in keys: { name: key.secret, value: key.value }]
    }
    template: {
      // Longer than loadWait, plus the batch in hand.
      terminationGracePeriodSeconds: 120
      volumes: [
        { name: 'cache', storageType: 'EmptyDir' } // the replica's own disk: 8 GiB from 2 vCPU on, a base model takes 2.5 GB
        {
          name: 'keys'
          storageType: 'Secret'
          secrets: [for key in keys: { secretRef: key.secret, path: key.file }]
        }
      ]
      containers: [
        {
          name: 'functions'
          image: image
          resources: { cpu: json(string(cpu)), memory: '${2 * cpu}Gi' } // Consumption takes no other ratio
          env: concat(hostSettings, connectionSettings, classifierSettings, thresholdSettings)
          volumeMounts: [
            { volumeName: 'cache', mountPath: cacheFolder }
            { volumeName: 'keys', mountPath: '/run/secrets/functions-keys' }
          ]
          // All three are written out: the platform's own defaults kill what starts slowly. failureThreshold is 10 at most.
          probes: [
            {
              type: 'Startup' // it listens; health would end an app whose first load fails before it could try again
              tcpSocket: { port: port }
              periodSeconds: 6
              timeoutSeconds: 5
              failureThreshold: 10
            }
            {
              type: 'Readiness' // 503 after a failed load: no HTTP request comes here until a load succeeds
              httpGet: { path: '/api/health', port: port }
              periodSeconds: 10
              timeoutSeconds: 5
              failureThreshold: 3
            }
            {
              type: 'Liveness' // five minutes of failed loads, or no answer: a fresh process
              httpGet: { path: '/api/health', port: port }
              periodSeconds: 30
              timeoutSeconds: 10
              failureThreshold: 10
            }
          ]
        }
      ]
      scale: {
        // Kind "functionapp" takes no rules, and its own fail with this identity, so one replica has to stay.
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
                  identity: identity.id // API 2025-01-01 or later; older ones drop it silently
                  metadata: {
                    accountName: storageName
                    queueName: 'articles'
                    queueLength: string(articlesPerReplica)
                    // Messages in hand count too, so that no replica is taken away from under its batch.
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
