// The trainer: a job that runs once for each training request, one at a time, on a T4 that is billed only while it runs.

import { Identity } from 'identities.bicep'
import { Endpoints } from 'storage.bicep'

param location string
param name string
param environmentId string
param gpu bool
param registryServer string
param image string
param identity Identity
param storage Endpoints
param storageName string
param baseModel string

var cacheFolder = '/cache'

resource trainer 'Microsoft.App/jobs@2025-07-01' = {
  name: name
  location: location
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identity.id}': {} } }
  properties: {
    environmentId: environmentId
    workloadProfileName: gpu ? 'gpu-t4' : 'Consumption'
    configuration: {
      triggerType: 'Event'
      // The default of 1,800 s is too short for a fine-tune (azure-container-apps#986): the published recipe takes 1 h 40 on a T4.
      replicaTimeout: 14400
      replicaRetryLimit: 0 // the queue retries: the message is delivered again when its visibility timeout ends
      registries: [{ server: registryServer, identity: identity.id }]
      eventTriggerConfig: {
        parallelism: 1
        replicaCompletionCount: 1
        scale: {
          minExecutions: 0
          maxExecutions: 1 // never two trainings at once: they would compete for the pointer and pay for two GPUs
          pollingInterval: 60
          rules: [
            {
              name: 'training-requests'
              type: 'azure-queue'
              identity: identity.id // needs API version 2025-01-01 or later; older ones ignore it without an error
              metadata: { accountName: storageName, queueName: 'training-requests', queueLength: '1' }
            }
          ]
        }
      }
    }
    template: {
      volumes: [{ name: 'cache', storageType: 'EmptyDir' }]
      containers: [
        {
          name: 'trainer'
          image: image
          args: ['run'] // processes one request, renews its message meanwhile, and exits with 0 also when the queue is empty
          // The GPU belongs to the profile: serverless profiles reject a "gpu" among the resources.
          resources: gpu ? { cpu: json('8'), memory: '56Gi' } : { cpu: json('4'), memory: '8Gi' }
          env: [
            { name: 'Storage__blobServiceUri', value: storage.blob }
            { name: 'Storage__queueServiceUri', value: storage.queue }
            { name: 'Storage__tableServiceUri', value: storage.table }
            { name: 'Storage__credential', value: 'managedidentity' }
            { name: 'Storage__clientId', value: identity.clientId }
            { name: 'AZURE_CLIENT_ID', value: identity.clientId }
            { name: 'Logging__Console__FormatterName', value: 'json' } // alerts read the fields of its events
            { name: 'Classifier__Base', value: baseModel }
            { name: 'Classifier__CacheFolder', value: cacheFolder }
            { name: 'Classifier__TorchThreads', value: gpu ? '8' : '4' }
          ]
          volumeMounts: [{ volumeName: 'cache', mountPath: cacheFolder }]
        }
      ]
    }
  }
}
