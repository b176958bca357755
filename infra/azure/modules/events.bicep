// Event Grid calls the blob trigger RetrainOnDataset for each new blob in "datasets". It is the only source of blob
// events that the platform scales on; polling would need a replica that always runs.

param location string
param name string
param storageName string
@description('URL of the blob trigger, including its key.')
@secure()
param triggerUrl string

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageName

  resource blobs 'blobServices' existing = {
    name: 'default'
    resource undelivered 'containers' existing = { name: 'events-undelivered' }
  }
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: name
  location: location
  identity: { type: 'SystemAssigned' } // a user-assigned identity cannot write dead letters behind a storage firewall
  properties: {
    source: storage.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

// Storage Blob Data Contributor
var blobContributor = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe')

resource undeliveredRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::blobs::undelivered.id, topic.id, blobContributor)
  scope: storage::blobs::undelivered
  properties: {
    principalId: topic.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: blobContributor
    description: 'Event Grid stores events here that the functions did not accept within a day.'
  }
}

resource subscription 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'retrain-on-dataset'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: {
      endpointType: 'WebHook'
      properties: {
        endpointUrl: triggerUrl
        maxEventsPerBatch: 1
      }
    }
    filter: {
      includedEventTypes: ['Microsoft.Storage.BlobCreated']
      subjectBeginsWith: '/blobServices/default/containers/datasets/'
      enableAdvancedFilteringOnArrays: true
      advancedFilters: [
        { operatorType: 'NumberGreaterThan', key: 'data.contentLength', value: 0 } // excludes folders and uploads that are not complete
      ]
    }
    retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
    deadLetterWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: { resourceId: storage.id, blobContainerName: 'events-undelivered' }
      }
    }
  }
  dependsOn: [undeliveredRole]
}
