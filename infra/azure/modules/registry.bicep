// The registry of both images, in the region of the replicas that pull them. No admin user, no anonymous pull.

param location string
param name string

@description('Premium adds artifact streaming, which starts replicas of images of several gigabytes sooner.')
@allowed(['Basic', 'Standard', 'Premium'])
param sku string = 'Basic'

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' = {
  name: name
  location: location
  sku: { name: sku }
  properties: {
    adminUserEnabled: false
    // Open to the network also when storage is private: images are built in the registry, whose builders come from
    // outside, and images hold no data and no secret. Every pull and push still needs an identity and a role.
    publicNetworkAccess: 'Enabled'
  }
}

output loginServer string = registry.properties.loginServer
