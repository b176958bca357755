// Everything that the article classifier needs, in one resource group, in this order:
// identities, storage, registry, monitoring, network, environment, the two programs, their roles, events, alerts.
//
// deploy.sh deploys this file three times, because each pass needs what the one before created:
//   1. imageTag ''              registry, storage, environment; no program, because there is no image yet
//   2. imageTag set             the functions app and the trainer job
//   3. subscribeToDatasets true the Event Grid subscription, whose validation request the app must answer
targetScope = 'resourceGroup'

import { Grant } from 'modules/roles.bicep'

// ---- parameters ----------------------------------------------------------------------------------------------------

@description('Prefix of every resource name: lower-case letters and digits.')
@minLength(3)
@maxLength(8)
param name string

@description('Region. Training on a GPU needs one with the workload profile Consumption-GPU-NC8as-T4.')
param location string = resourceGroup().location

@description('Tag of both images in the registry. Empty in the first pass, when no image has been pushed yet.')
param imageTag string = ''

@description('Folder under base/ in the container "models": serverless/starter, meta-llama/Llama-3.2-1B-Instruct, ...')
param baseModel string = 'serverless/starter'

@description('Classifier of articles that do not name one.')
param defaultClassifier string = 'news'

@description('Scores below which an article goes to review, for the classifiers that need another one than 0.6: { desk: \'0.8\' }.')
param reviewThresholds object = {}

@description('Sends the result of each article of the queue to the queue articles-results, for programs of your own.')
param resultsQueue bool = false

@description('Replicas that always run. 0 costs nothing when idle; 1 avoids the cold start of the first article.')
@minValue(0)
@maxValue(100)
param minReplicas int = 0

@description('Maximum number of replicas, which limits what a burst can cost.')
@minValue(1)
@maxValue(300)
param maxReplicas int = 10

@description('Workload profile of the functions. Consumption scales to zero; D4 and up are dedicated nodes with a known processor.')
@allowed(['Consumption', 'D4', 'D8', 'D16', 'E4', 'E8'])
param functionsProfile string = 'Consumption'

@description('vCPUs of a replica, with 2 GiB each. 4 for a Llama 3.2 1B (2.5 GB of weights); 1 is enough for the starter model.')
@allowed([1, 2, 4])
param functionsCpu int = 4

@description('Where the trainer runs. gpu: one T4, required for a Llama 3.2 1B; cpu: enough for the starter model.')
@allowed(['gpu', 'cpu'])
param trainOn string = 'gpu'

@description('Creates a virtual network and private endpoints for storage. Storage is then reached publicly from deployerIpAddress only.')
param privateNetworking bool = false

@description('Public IPv4 address that can reach storage when privateNetworking is on. The upload of the base model needs it.')
param deployerIpAddress string = ''

@description('Object id of the person or pipeline that uploads base models, data sets and articles. Empty: no role is assigned.')
param deployerObjectId string = ''

@description('Type of that principal.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param deployerType string = 'User'

@description('Deploys kind "functionapp". Off: its scale rules fail with a user-assigned identity (azure-container-apps#1633, azure-dev#6331).')
param functionAppKind bool = false

@description('Function key: callers send it with classify requests and read requests. deploy.sh generates it once and keeps it on later runs.')
@secure()
param functionKey string = ''

@description('Operator key: opens also what decides which version serves (uploads, exports, promotions). deploy.sh generates it once.')
@secure()
param operatorKey string = ''

@description('Master key of the Functions host, which opens everything. Nothing needs it in operation. deploy.sh generates it once.')
@secure()
param adminKey string = ''

@description('System key that Event Grid sends to the blob trigger.')
@secure()
param eventKey string = ''

@description('True in the third pass, when the app can answer the validation request of Event Grid.')
param subscribeToDatasets bool = false

@description('Email address for alerts. Empty: alerts are raised without an email.')
param alertEmail string = ''

// ---- names: within the limits of Azure; global names are unique ------------------------------------------------------

var suffix = uniqueString(resourceGroup().id)
var lowerName = toLower(name)
var names = {
  functionsIdentity: 'id-${lowerName}-functions'
  trainerIdentity: 'id-${lowerName}-trainer'
  storage: 'st${lowerName}${suffix}' // 3-24, letters and digits
  hostStorage: 'sth${lowerName}${suffix}' // 3-24, letters and digits
  registry: 'cr${lowerName}${suffix}' // 5-50, letters and digits
  workspace: 'log-${lowerName}'
  insights: 'appi-${lowerName}'
  actions: 'ag-${lowerName}'
  network: 'vnet-${lowerName}'
  environment: 'cae-${lowerName}'
  functions: 'ca-${lowerName}-functions' // 2-32
  trainer: 'caj-${lowerName}-trainer' // 2-32
  events: 'evgt-${lowerName}-datasets'
}
var programsExist = !empty(imageTag)

// ---- modules ------------------------------------------------------------------------------------------------------

module identities 'modules/identities.bicep' = {
  params: { location: location, functionsName: names.functionsIdentity, trainerName: names.trainerIdentity }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  params: { location: location, name: names.network }
}

module storage 'modules/storage.bicep' = {
  params: {
    location: location
    name: names.storage
    hostName: names.hostStorage
    pageOrigin: 'https://${names.functions}.${environment.outputs.domain}'
    privateNetworking: privateNetworking
    deployerIpAddress: deployerIpAddress
  }
}

module endpoints 'modules/endpoints.bicep' = if (privateNetworking) {
  params: {
    location: location
    networkId: network!.outputs.networkId
    subnetId: network!.outputs.endpointsSubnetId
    storageName: names.storage
    hostStorageName: names.hostStorage
  }
  dependsOn: [storage]
}

module registry 'modules/registry.bicep' = {
  params: { location: location, name: names.registry }
}

module monitoring 'modules/monitoring.bicep' = {
  params: { location: location, workspaceName: names.workspace, insightsName: names.insights }
}

module environment 'modules/environment.bicep' = {
  params: {
    location: location
    name: names.environment
    workspaceName: names.workspace
    functionsProfile: functionsProfile
    maxNodes: maxReplicas
    gpu: trainOn == 'gpu'
    subnetId: privateNetworking ? network!.outputs.programsSubnetId : ''
  }
  dependsOn: [monitoring]
}

module roles 'modules/roles.bicep' = {
  params: {
    storageName: names.storage
    hostStorageName: names.hostStorage
    registryName: names.registry
    insightsName: names.insights
    functionsIdentityName: names.functionsIdentity
    trainerIdentityName: names.trainerIdentity
    deployerObjectId: deployerObjectId
    deployerType: deployerType
  }
  dependsOn: [identities, storage, registry, monitoring]
}

module functions 'modules/functions.bicep' = if (programsExist) {
  params: {
    location: location
    name: names.functions
    environmentId: environment.outputs.id
    workloadProfile: functionsProfile
    cpu: functionsCpu
    registryServer: registry.outputs.loginServer
    image: '${registry.outputs.loginServer}/functions:${imageTag}'
    identity: identities.outputs.functions
    storage: storage.outputs.endpoints
    storageName: names.storage
    hostStorage: storage.outputs.hostEndpoints
    insightsConnectionString: monitoring.outputs.insightsConnectionString
    baseModel: baseModel
    defaultClassifier: defaultClassifier
    reviewThresholds: reviewThresholds
    resultsQueue: resultsQueue
    minReplicas: minReplicas
    maxReplicas: maxReplicas
    functionAppKind: functionAppKind
    functionKey: functionKey
    operatorKey: operatorKey
    adminKey: adminKey
    eventKey: eventKey
  }
  // Without its roles, the first start fails to pull the image and is not retried.
  dependsOn: [roles, endpoints]
}

module trainer 'modules/trainer.bicep' = if (programsExist) {
  params: {
    location: location
    name: names.trainer
    environmentId: environment.outputs.id
    gpu: trainOn == 'gpu'
    registryServer: registry.outputs.loginServer
    image: '${registry.outputs.loginServer}/trainer:${imageTag}'
    identity: identities.outputs.trainer
    storage: storage.outputs.endpoints
    storageName: names.storage
    baseModel: baseModel
  }
  dependsOn: [roles, endpoints]
}

module events 'modules/events.bicep' = if (subscribeToDatasets && programsExist) {
  params: {
    location: location
    name: names.events
    storageName: names.storage
    triggerUrl: 'https://${functions!.outputs.host}/runtime/webhooks/blobs?functionName=Host.Functions.RetrainOnDataset&code=${eventKey}'
  }
}

module alerts 'modules/alerts.bicep' = {
  params: {
    location: location
    name: names.actions
    email: alertEmail
    workspaceName: names.workspace
    functionsName: programsExist ? names.functions : ''
    topicName: subscribeToDatasets && programsExist ? names.events : ''
  }
  dependsOn: [monitoring, functions, events]
}

// ---- outputs for deploy.sh -------------------------------------------------------------------------------------------

output storageName string = names.storage
output grants Grant[] = roles.outputs.grants
output registryName string = names.registry
output environmentName string = names.environment
output functionsName string = names.functions
output trainerName string = names.trainer
output eventsName string = names.events
output functionsHost string = programsExist ? functions!.outputs.host : ''
