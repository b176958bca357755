// The Container Apps environment, with a CPU profile for the functions and the T4 profile for the trainer.

param location string
param name string
param workspaceName string
param functionsProfile string
param maxNodes int
param gpu bool

@description('Subnet delegated to Microsoft.App/environments; empty without a virtual network.')
param subnetId string

var consumption = [{ name: 'Consumption', workloadProfileType: 'Consumption' }]
var dedicated = functionsProfile == 'Consumption'
  ? []
  : [{ name: functionsProfile, workloadProfileType: functionsProfile, minimumCount: 0, maximumCount: maxNodes }]
// Billed per second and scaled to zero. Not every region has it: az containerapp env workload-profile list-supported
var t4 = gpu ? [{ name: 'gpu-t4', workloadProfileType: 'Consumption-GPU-NC8as-T4' }] : []

resource environment 'Microsoft.App/managedEnvironments@2025-01-01' = {
  name: name
  location: location
  properties: {
    workloadProfiles: concat(consumption, dedicated, t4)
    // Logs reach the workspace through the diagnostic setting below. The destination log-analytics would need the workspace's key.
    appLogsConfiguration: { destination: 'azure-monitor' }
    // Not internal, also with a virtual network: Event Grid cannot deliver into one.
    vnetConfiguration: empty(subnetId) ? null : { infrastructureSubnetId: subnetId, internal: false }
    zoneRedundant: false
  }
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = {
  name: workspaceName
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs-to-workspace'
  scope: environment
  properties: {
    workspaceId: workspace.id
    logs: [
      { category: 'ContainerAppConsoleLogs', enabled: true }
      { category: 'ContainerAppSystemLogs', enabled: true }
    ]
  }
}

output id string = environment.id
output domain string = environment.properties.defaultDomain
