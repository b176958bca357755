// One user-assigned identity per program, so that each has only its own roles.
// User-assigned, because roles can be assigned before the program exists.

param location string
param functionsName string
param trainerName string

@export()
@description('The ids of an identity.')
type Identity = {
  id: string
  clientId: string
  principalId: string
}

resource functions 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: functionsName
  location: location
}

resource trainer 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: trainerName
  location: location
}

output functions Identity = {
  id: functions.id
  clientId: functions.properties.clientId
  principalId: functions.properties.principalId
}

output trainer Identity = {
  id: trainer.id
  clientId: trainer.properties.clientId
  principalId: trainer.properties.principalId
}
