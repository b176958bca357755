// Where logs and traces go. Nothing here has a key: ingestion into Application Insights asks for an identity.

param location string
param workspaceName string
param insightsName string

@description('Bound on a runaway log, in GB a day.')
param dailyQuotaGb int = 5

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: workspaceName
  location: location
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 30
    workspaceCapping: { dailyQuotaGb: dailyQuotaGb }
    features: { disableLocalAuth: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true // the connection string alone lets nobody write: it is an address, not a secret
  }
}

output insightsConnectionString string = insights.properties.ConnectionString
