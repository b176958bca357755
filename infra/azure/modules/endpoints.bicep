// Private endpoints of both storage accounts and the private DNS zones that resolve to them.

param location string
param networkId string
param subnetId string
param storageName string
param hostStorageName string

var services = ['blob', 'queue', 'table']
var targets = flatten(map([storageName, hostStorageName], account => map(services, service => { account: account, service: service })))

resource accounts 'Microsoft.Storage/storageAccounts@2023-05-01' existing = [
  for each in targets: {
    name: each.account
  }
]

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for service in services: {
    name: 'privatelink.${service}.${environment().suffixes.storage}'
    location: 'global'
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (service, i) in services: {
    parent: zones[i]
    name: 'programs'
    location: 'global'
    properties: { registrationEnabled: false, virtualNetwork: { id: networkId } }
  }
]

resource endpoints 'Microsoft.Network/privateEndpoints@2024-05-01' = [
  for (each, i) in targets: {
    name: 'pe-${each.account}-${each.service}'
    location: location
    properties: {
      subnet: { id: subnetId }
      privateLinkServiceConnections: [
        {
          name: each.service
          properties: { privateLinkServiceId: accounts[i].id, groupIds: [each.service] }
        }
      ]
    }
  }
]

resource records 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [
  for (each, i) in targets: {
    parent: endpoints[i]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        { name: each.service, properties: { privateDnsZoneId: zones[i % length(services)].id } }
      ]
    }
  }
]
