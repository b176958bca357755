// Two accounts. "storage" holds the product's data: what trainer and functions agree on, with roles per container,
// queue and table. "hostStorage" holds what the Functions host keeps for itself (leases, blob receipts, the internal
// queue of the blob trigger): the host wants wide roles there, which must not reach the data.

param location string
param name string
param hostName string
param privateNetworking bool
param deployerIpAddress string

@description('Days after which a result is deleted.')
param resultDays int = 365

@export()
@description('Service addresses of an account, as the SDKs want them.')
type Endpoints = {
  blob: string
  queue: string
  table: string
}

// The names that the programs know: shared/Storage/StorageNames.cs. A test compares the two.
var containers = ['articles', 'datasets', 'models', 'results']
var queues = ['articles', 'articles-poison', 'articles-review', 'training-requests', 'training-requests-poison']
var tables = ['classifications', 'recent', 'reviews', 'trainingruns']

// Not of the programs: where the blob trigger puts what it gave up, and Event Grid what it could not deliver.
var platformQueues = ['webjobs-blobtrigger-poison']
var platformContainers = ['events-undelivered']

var accountProperties = {
  allowSharedKeyAccess: false // every consumer, the queue scaler included, comes with an identity
  allowBlobPublicAccess: false
  defaultToOAuthAuthentication: true
  minimumTlsVersion: 'TLS1_2'
  supportsHttpsTrafficOnly: true
  publicNetworkAccess: privateNetworking && empty(deployerIpAddress) ? 'Disabled' : 'Enabled'
  networkAcls: {
    defaultAction: privateNetworking ? 'Deny' : 'Allow'
    bypass: 'AzureServices' // Event Grid writes undelivered events
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
            // A rule cannot see which version current.json points to, so none deletes a version. One that nobody has
            // read for three months gets cheaper; the one pointed to is read at every cold start, and if not, a cool
            // blob is read just as fast and comes back by itself.
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
    dependsOn: [blobService] // rules on the last access are refused until its tracking is on
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
