// All role assignments. The reason of each is stored as its description. Roles are scoped to single containers, queues
// and tables. Scoped to a whole account are the roles of the Functions host on its own account, and the delegator on the
// account of the data, which gives no access to data.

param storageName string
param hostStorageName string
param registryName string
param insightsName string
param functionsIdentityName string
param trainerIdentityName string
param deployerObjectId string
param deployerType string

// Built-in roles; the ids are the same in every tenant.
var roles = {
  blobOwner: { id: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b', name: 'Storage Blob Data Owner' }
  blobContributor: { id: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe', name: 'Storage Blob Data Contributor' }
  blobDelegator: { id: 'db58b8e5-c6ad-4a2a-8342-4190687cbf4a', name: 'Storage Blob Delegator' }
  blobReader: { id: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1', name: 'Storage Blob Data Reader' }
  queueContributor: { id: '974c5e8b-45b9-4653-ba55-5f855dd0fb88', name: 'Storage Queue Data Contributor' }
  queueReader: { id: '19e7f393-937e-4f77-808e-94535e297925', name: 'Storage Queue Data Reader' }
  queueSender: { id: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a', name: 'Storage Queue Data Message Sender' }
  tableContributor: { id: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3', name: 'Storage Table Data Contributor' }
  tableReader: { id: '76199698-9eea-4c19-bc75-cec21354c6b6', name: 'Storage Table Data Reader' }
  acrPull: { id: '7f951dda-4ed3-4680-a7ca-43fe172d538d', name: 'AcrPull' }
  metricsPublisher: { id: '3913510d-42f4-4e42-8a64-420c390055eb', name: 'Monitoring Metrics Publisher' }
}

resource functions 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = { name: functionsIdentityName }
resource trainer 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = { name: trainerIdentityName }

// Known before the identities exist, so that what-if can show each assignment. The deployer is a person or a pipeline.
var deployer = empty(deployerObjectId) ? {} : { deployer: deployerObjectId }
var receivers = union({ functions: functions.id, trainer: trainer.id }, deployer)
var principals = {
  functions: { id: functions.properties.principalId, type: 'ServicePrincipal' }
  trainer: { id: trainer.properties.principalId, type: 'ServicePrincipal' }
  deployer: { id: deployerObjectId, type: deployerType }
}

// Receivers need the contributor role on a queue: to extend a message's visibility timeout, as host and trainer do, is
// messages/write, which the role "Storage Queue Data Message Processor" lacks.
var allGrants = {
  containers: [
    { on: 'articles', to: 'functions', role: 'blobContributor', why: 'Reads articles that are too long for a message, stores long articles for review.' }
    { on: 'datasets', to: 'functions', role: 'blobContributor', why: 'Stores data sets and grants their upload, exports labels, reads new data sets.' }
    { on: 'failed', to: 'functions', role: 'blobContributor', why: 'Keeps articles that failed on every attempt, sends them again.' }
    {
      on: 'models'
      to: 'functions'
      role: 'blobContributor'
      why: 'Publishes the starter, downloads the base model and adapters, polls the pointer, changes it when a version is promoted.'
    }
    { on: 'results', to: 'functions', role: 'blobContributor', why: 'Writes the result of each article.' }
    { on: 'datasets', to: 'trainer', role: 'blobReader', why: 'Downloads the data set to train on.' }
    { on: 'models', to: 'trainer', role: 'blobContributor', why: 'Downloads the base model, publishes versions and the pointer.' }
    { on: 'articles', to: 'deployer', role: 'blobContributor', why: 'Uploads long articles.' }
    { on: 'datasets', to: 'deployer', role: 'blobContributor', why: 'Uploads data sets.' }
    { on: 'models', to: 'deployer', role: 'blobContributor', why: 'Uploads base models.' }
    { on: 'results', to: 'deployer', role: 'blobReader', why: 'Reads results.' }
  ]
  queues: [
    {
      on: 'articles'
      to: 'functions'
      role: 'queueContributor'
      why: 'Receives, renews and deletes articles, puts them off, sends failed ones again; the scaler reads the length.'
    }
    {
      on: 'articles-poison'
      to: 'functions'
      role: 'queueContributor'
      why: 'The host moves articles here that failed five times; a function records them.'
    }
    { on: 'articles-review', to: 'functions', role: 'queueSender', why: 'Sends articles that a person should label.' }
    { on: 'articles-results', to: 'functions', role: 'queueSender', why: 'Sends results, if the parameter resultsQueue is set.' }
    { on: 'training-requests', to: 'functions', role: 'queueSender', why: 'Requests a training after an upload.' }
    { on: 'webjobs-blobtrigger-poison', to: 'functions', role: 'queueSender', why: 'The blob trigger sends the names of uploads here that failed.' }
    { on: 'webjobs-blobtrigger-poison', to: 'functions', role: 'queueReader', why: 'Logs that uploads are in it, for an alert.' }
    { on: 'training-requests-poison', to: 'functions', role: 'queueReader', why: 'Logs that requests are in it, for an alert.' }
    { on: 'training-requests', to: 'trainer', role: 'queueContributor', why: 'Receives, renews and deletes its request; the scaler reads the length.' }
    { on: 'training-requests-poison', to: 'trainer', role: 'queueSender', why: 'Moves requests here that failed repeatedly.' }
    { on: 'articles', to: 'deployer', role: 'queueSender', why: 'Sends articles.' }
    { on: 'articles-review', to: 'deployer', role: 'queueReader', why: 'Reads articles that wait for a label.' }
    { on: 'articles-results', to: 'deployer', role: 'queueReader', why: 'Reads results.' }
  ]
  tables: [
    { on: 'classifications', to: 'functions', role: 'tableContributor', why: 'Writes the row of each article, reads it when an article is delivered again.' }
    { on: 'recent', to: 'functions', role: 'tableContributor', why: 'Lists the newest results.' }
    { on: 'reviews', to: 'functions', role: 'tableContributor', why: 'Lists articles that wait for review, stores labels.' }
    { on: 'trainingruns', to: 'functions', role: 'tableContributor', why: 'Lists trainings, records versions that cannot serve or were promoted.' }
    { on: 'trainingruns', to: 'trainer', role: 'tableContributor', why: 'Records progress, metrics and the decision of the gate.' }
    { on: 'classifications', to: 'deployer', role: 'tableReader', why: 'Reads results.' }
    { on: 'trainingruns', to: 'deployer', role: 'tableReader', why: 'Follows a training.' }
  ]
}
var containerGrants = filter(allGrants.containers, grant => contains(receivers, grant.to))
var queueGrants = filter(allGrants.queues, grant => contains(receivers, grant.to))
var tableGrants = filter(allGrants.tables, grant => contains(receivers, grant.to))

var accountGrants = [
  { role: 'blobOwner', why: 'Leases, locks and blob receipts of the Functions host.' }
  { role: 'queueContributor', why: 'The internal queue of the blob trigger, which the Functions host creates.' }
  { role: 'tableContributor', why: 'Diagnostic events of the Functions host.' }
]
var registryGrants = [
  { to: 'functions', why: 'Pulls the functions image.' }
  { to: 'trainer', why: 'Pulls the trainer image.' }
]

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageName

  resource blobs 'blobServices' existing = {
    name: 'default'
    resource containers 'containers' existing = [for grant in containerGrants: { name: grant.on }]
  }

  resource queueService 'queueServices' existing = {
    name: 'default'
    resource queues 'queues' existing = [for grant in queueGrants: { name: grant.on }]
  }

  resource tableService 'tableServices' existing = {
    name: 'default'
    resource tables 'tables' existing = [for grant in tableGrants: { name: grant.on }]
  }
}

resource hostStorage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = { name: hostStorageName }
resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' existing = { name: registryName }
resource insights 'Microsoft.Insights/components@2020-02-02' existing = { name: insightsName }

resource containerRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (grant, i) in containerGrants: {
    name: guid(storage::blobs::containers[i].id, receivers[grant.to], roles[grant.role].id)
    scope: storage::blobs::containers[i]
    properties: {
      principalId: principals[grant.to].id
      principalType: principals[grant.to].type
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[grant.role].id)
      description: grant.why
    }
  }
]

resource queueRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (grant, i) in queueGrants: {
    name: guid(storage::queueService::queues[i].id, receivers[grant.to], roles[grant.role].id)
    scope: storage::queueService::queues[i]
    properties: {
      principalId: principals[grant.to].id
      principalType: principals[grant.to].type
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[grant.role].id)
      description: grant.why
    }
  }
]

resource tableRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (grant, i) in tableGrants: {
    name: guid(storage::tableService::tables[i].id, receivers[grant.to], roles[grant.role].id)
    scope: storage::tableService::tables[i]
    properties: {
      principalId: principals[grant.to].id
      principalType: principals[grant.to].type
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[grant.role].id)
      description: grant.why
    }
  }
]

resource hostRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in accountGrants: {
    name: guid(hostStorage.id, functions.id, roles[grant.role].id)
    scope: hostStorage
    properties: {
      principalId: functions.properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[grant.role].id)
      description: grant.why
    }
  }
]

resource pullRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in registryGrants: {
    name: guid(registry.id, receivers[grant.to], roles.acrPull.id)
    scope: registry
    properties: {
      principalId: principals[grant.to].id
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.acrPull.id)
      description: grant.why
    }
  }
]

resource delegatorRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage.id, functions.id, roles.blobDelegator.id)
  scope: storage
  properties: {
    principalId: functions.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDelegator.id)
    description: 'Signs the upload of a data set without a key. The signature permits no more than the other roles of the functions.'
  }
}

resource telemetryRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, functions.id, roles.metricsPublisher.id)
  scope: insights
  properties: {
    principalId: functions.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.metricsPublisher.id)
    description: 'Sends traces and metrics without a key.'
  }
}

@export()
@description('A role assignment: role, principal and scope.')
type Grant = {
  to: string
  principalId: string
  role: string
  scope: string
}

var allByPlace = [
  { grants: containerGrants, place: '${storage.id}/blobServices/default/containers/' }
  { grants: queueGrants, place: '${storage.id}/queueServices/default/queues/' }
  { grants: tableGrants, place: '${storage.id}/tableServices/default/tables/' }
  { grants: map(accountGrants, grant => { to: 'functions', on: '', role: grant.role }), place: hostStorage.id }
  { grants: map(registryGrants, grant => { to: grant.to, on: '', role: 'acrPull' }), place: registry.id }
  { grants: [{ to: 'functions', on: '', role: 'blobDelegator' }], place: storage.id }
  { grants: [{ to: 'functions', on: '', role: 'metricsPublisher' }], place: insights.id }
]

@description('All role assignments above; deploy.sh checks that they exist.')
output grants Grant[] = flatten(map(
  allByPlace,
  each =>
    map(each.grants, grant => {
      to: grant.to
      principalId: principals[grant.to].id
      role: roles[grant.role].name
      scope: '${each.place}${grant.on}'
    })
))
