// Alert rules on log lines of the programs. A test finds each phrase in the code that logs it.

param location string
param name string
param email string
param workspaceName string

var rules = [
  {
    name: 'poison-messages'
    filter: 'Log has_any ("Moving message to queue", "set aside in the queue")' // the Functions host, the trainer
    severity: 2
    title: 'A message failed five times and is in a poison queue.'
  }
  {
    name: 'failed-model-loads'
    filter: 'Log has_any ("could not be loaded", "cannot be used")'
    severity: 1
    title: 'The functions cannot load a model; no article of that classifier is classified.'
  }
  {
    name: 'refused-trainings'
    filter: 'Log matches regex "^[^ ]+ Refused: "' // version, state, reason: one line of the trainer
    severity: 3
    title: 'A data set or a new model version was refused; the previous version keeps serving.'
  }
]

resource actions 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: name
  location: 'global'
  properties: {
    enabled: true
    groupShortName: 'articles'
    emailReceivers: empty(email) ? [] : [{ name: 'people', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = {
  name: workspaceName
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: rule.name
    location: location
    properties: {
      displayName: rule.title
      severity: rule.severity
      enabled: true
      scopes: [workspace.id]
      evaluationFrequency: 'PT15M'
      windowSize: 'PT15M'
      criteria: {
        allOf: [
          {
            query: 'ContainerAppConsoleLogs | where ${rule.filter}'
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
          }
        ]
      }
      skipQueryValidation: true // the table is created with the first log line, which is written after this deployment
      autoMitigate: true
      actions: { actionGroups: [actions.id] }
    }
  }
]
