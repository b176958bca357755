// The virtual network for privateNetworking, with a subnet for the programs and one for the private endpoints of storage.

param location string
param name string

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  properties: {
    addressSpace: { addressPrefixes: ['10.40.0.0/16'] }
    subnets: [
      {
        name: 'programs'
        properties: {
          addressPrefix: '10.40.0.0/23' // at least /27; a /23 has room for 250 replicas and their updates
          delegations: [
            { name: 'container-apps', properties: { serviceName: 'Microsoft.App/environments' } }
          ]
        }
      }
      { name: 'endpoints', properties: { addressPrefix: '10.40.2.0/27' } }
    ]
  }

  resource programs 'subnets' existing = { name: 'programs' }
  resource endpoints 'subnets' existing = { name: 'endpoints' }
}

output networkId string = network.id
output programsSubnetId string = network::programs.id
output endpointsSubnetId string = network::endpoints.id
