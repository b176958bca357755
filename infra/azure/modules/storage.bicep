// Two accounts. "storage" holds the product's data, with roles per container, queue and table. "hostStorage" holds the
// state of the Functions host (leases, blob receipts, the internal queue of the blob trigger): the host needs roles on
// the whole account there, which must not include the data.

param location string
param name string
param hostName string
param privateNetworking bool
param deployerIpAddress string

@description('Origin of the web page, which uploads data sets straight to storage.')
param pageOrigin string

@description('Days after which a result is deleted.')
param resultDays int = 365

@export()
@description('Service URLs of an account, as the SDKs read them.')
type Endpoints = {
  blob: string
  queue: string
  table: string
}

// As in shared/Storage/StorageNames.cs; a test compares the two.
var containers = ['articles', 'datasets', 'models', 'results', 'failed']
var queues = ['articles', 'articles-poison', 'articles-review', 'articles-results', 'training-requests', 'training-requests-poison']
var tables = ['classifications', 'recent', 'reviews', 'trainingruns']

// Used by the platform: the blob trigger's poison queue, and the dead letters of Event Grid.
var platformQueues = ['webjobs-blobtrigger-poison']
var platformContainers = ['events-undelivered']

var accountProperties = {
  allowSharedKeyAccess: false // every client, including the queue scaler, has an identity
  allowBlobPublicAccess: false
  defaultToOAuthAuthentication: true
  minimumTlsVersion: 'TLS1_2'
  supportsHttpsTrafficOnly: true
  publicNetworkAccess: privateNetworking && empty(deployerIpAddress) ? 'Disabled' : 'Enabled'
  networkAcls: {
    defaultAction: privateNetworking ? 'Deny' : 'Allow'
    bypass: 'AzureServices' // for the dead letters of Event Grid
    ipRules: empty(deployerIpAddress) ? [] : [{ value: deployerIpAddress, action: 'Allow' }]
  }
}

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: name
  location: location
  sku: { name: 'Standard_LRS' }
  kind: 'StorageV2'
  properties: accountProperties

  resource blobService 'blobServices' = {
    name: 'default'
    properties: {
      deleteRetentionPolicy: { enabled: true, days: 14 }
      containerDeleteRetentionPolicy: { enabled: true, days: 14 }
      // A request of the page still needs the signature that the functions grant for one data set.
      cors: {
        corsRules: [
          {
            allowedOrigins: [pageOrigin]
            allowedMethods: ['PUT']
            allowedHeaders: ['content-type', 'x-ms-blob-type']
            exposedHeaders: ['x-ms-error-code']
            maxAgeInSeconds: 3600
          }
        ]
      }
      lastAccessTimeTrackingPolicy: { enable: true, name: 'AccessTimeTracking', trackingGranularityInDays: 1 }
    }
    resource container 'containers' = [for each in concat(containers, platformContainers): { name: each }]
  }

  resource queueService 'queueServices' = {
    name: 'default'
    resource queue 'queues' = [for each in concat(queues, platformQueues): { name: each }]
  }

  resource tableService 'tableServices' = {
    name: 'default'
    resource table 'tables' = [for each in tables: { name: each }]
  }

  resource lifecycle 'managementPolicies' = {
    name: 'default'
    properties: {
      policy: {
        rules: [
          {
            name: 'delete-old-results'
            type: 'Lifecycle'
            enabled: true
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['results/'] }
              actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: resultDays } } }
            }
          }
          {
            // A rule cannot know which version current.json points to, so no rule deletes versions. A version that was not
            // read for three months moves to the cool tier. The serving version is read at each cold start; a cool blob is
            // read as fast and returns to the hot tier.
            name: 'cool-unread-versions'
            type: 'Lifecycle'
            enabled: true
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['models/adapters/'] }
              actions: {
                baseBlob: {
                  enableAutoTierToHotFromCool: true
                  tierToCool: { daysAfterLastAccessTimeGreaterThan: 90 }
                }
              }
            }
          }
          {
            name: 'delete-undelivered-events'
            type: 'Lifecycle'
            enabled: true
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['events-undelivered/'] }
              actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 30 } } }
            }
          }
        ]
      }
    }
    dependsOn: [blobService] // rules on the last access time need its tracking
  }
}

resource hostAccount 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: hostName
  location: location
  sku: { name: 'Standard_LRS' }
  kind: 'StorageV2'
  properties: accountProperties
}

output endpoints Endpoints = {
  blob: account.properties.primaryEndpoints.blob
  queue: account.properties.primaryEndpoints.queue
  table: account.properties.primaryEndpoints.table
}
output hostEndpoints Endpoints = {
  blob: hostAccount.properties.primaryEndpoints.blob
  queue: hostAccount.properties.primaryEndpoints.queue
  table: hostAccount.properties.primaryEndpoints.table
}
