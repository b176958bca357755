// The registry for both images, in the region of the replicas. No admin user and no anonymous pull.

param location string
param name string

@description('Premium adds artifact streaming, which shortens the start of replicas with images of several gigabytes.')
@allowed(['Basic', 'Standard', 'Premium'])
param sku string = 'Basic'

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' = {
  name: name
  location: location
  sku: { name: sku }
  properties: {
    adminUserEnabled: false
    // Public also when storage is private: images are built by the registry's own tasks, which run outside the network,
    // and they contain no data and no secret. Each pull and push still needs an identity and a role.
    publicNetworkAccess: 'Enabled'
  }
}

output loginServer string = registry.properties.loginServer
