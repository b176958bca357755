// Logs and traces. There are no keys: ingestion into Application Insights requires an identity.

param location string
param workspaceName string
param insightsName string

@description('Maximum ingestion in GB per day.')
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
    DisableLocalAuth: true // the connection string is an address, not a secret: it does not allow ingestion by itself
  }
}

output insightsConnectionString string = insights.properties.ConnectionString
