// Alert rules. They read metrics of the platform and fields of log entries, never the text of a message: a sender can put any text into
// the id of an article. Tests find each field in the code.

param location string
param name string
param email string
param workspaceName string

@description('The container app of the functions; empty before it exists.')
param functionsName string

@description('The topic of new data sets; empty before it exists.')
param topicName string

// The functions send their entries to Application Insights: CategoryName is the class that logs, SeverityLevel 2 a warning, 3 an error.
var functionsLog = 'union isfuzzy=true AppTraces, AppExceptions | extend Category = tostring(Properties.CategoryName), Queue = tostring(Properties.Queue)'
// The trainer writes JSON to its standard output (trainer/Jobs/LineLog.cs).
var trainerLog = 'ContainerAppConsoleLogs | where ContainerName == "trainer" and Stream == "stdout" | extend Entry = parse_json(Log)'

var logRules = [
  {
    name: 'failed-articles'
    query: '${functionsLog} | where Category startswith "Serverless.Articles." and SeverityLevel >= 3'
    severity: 2
    title: 'An article failed on every attempt. It is kept in the container "failed" and can be sent again.'
  }
  {
    name: 'failed-model-loads'
    query: '${functionsLog} | where Category startswith "Serverless.Serving." and SeverityLevel >= 3'
    severity: 1
    title: 'The functions cannot load or use a version; its classifier serves an earlier one, or none.'
  }
  {
    name: 'poison-messages'
    query: '${functionsLog} | where Category == "Serverless.Functions.QueueDepthService" and Queue endswith "-poison"'
    severity: 2
    title: 'A poison queue holds messages: failed articles, training requests, or uploads whose event failed.'
  }
  {
    name: 'backlog'
    query: '${functionsLog} | where Category == "Serverless.Functions.QueueDepthService" and Queue == "articles" and todouble(Properties.Seconds) > 900'
    severity: 2
    title: 'An article has waited for more than 15 minutes.'
  }
  {
    name: 'failed-trainings'
    query: '${trainerLog} | where Entry.Event == "RequestSetAside" or (Entry.Event == "TrainingEnded" and Entry.Fields.State == "Failed")'
    severity: 2
    title: 'A training failed for good; the previous version keeps serving.'
  }
  {
    name: 'refused-trainings'
    query: '${trainerLog} | where Entry.Event == "TrainingEnded" and Entry.Fields.State == "Refused"'
    severity: 3
    title: 'A data set or a new version was refused; the previous version keeps serving.'
  }
]

var requests = { namespace: 'Microsoft.App/containerApps', metric: 'Requests', resource: functionsName }
var events = { namespace: 'Microsoft.EventGrid/systemTopics', resource: topicName }
var metricRules = filter(
  [
    {
      name: 'server-errors'
      source: requests
      dimensions: [{ name: 'statusCodeCategory', operator: 'Include', values: ['5xx'] }]
      window: 'PT15M'
      threshold: 10
      severity: 2
      title: 'More than 10 responses in 15 minutes had a status from 500 on.'
    }
    {
      name: 'too-many-requests'
      source: requests
      dimensions: [{ name: 'statusCode', operator: 'Include', values: ['429'] }]
      window: 'PT15M'
      threshold: 100
      severity: 3
      title: 'More than 100 requests in 15 minutes were rejected with 429: the callers send more than the replicas classify.'
    }
    {
      name: 'undelivered-events'
      source: union(events, { metric: 'DeadLetteredCount' })
      dimensions: []
      window: 'PT15M'
      threshold: 0
      severity: 2
      title: 'The event of an upload was given up after a day; it is in the container "events-undelivered". Upload the data set again.'
    }
    {
      name: 'lost-events'
      source: union(events, { metric: 'DroppedEventCount' })
      dimensions: []
      window: 'PT15M'
      threshold: 0
      severity: 2
      title: 'The event of an upload was dropped, so no training starts. Upload the data set again.'
    }
    {
      name: 'failing-event-deliveries'
      source: union(events, { metric: 'DeliveryAttemptFailCount' })
      dimensions: []
      window: 'PT1H'
      threshold: 5 // a few fail while the first replica starts
      severity: 3
      title: 'The functions do not accept the events of uploads, so no training starts.'
    }
  ],
  rule => !empty(rule.source.resource)
)

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

resource logAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in logRules: {
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
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
          }
        ]
      }
      skipQueryValidation: true // a table is created with its first entry, which is written after this deployment
      autoMitigate: true
      actions: { actionGroups: [actions.id] }
    }
  }
]

resource metricAlerts 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for rule in metricRules: {
    name: rule.name
    location: 'global'
    properties: {
      description: rule.title
      severity: rule.severity
      enabled: true
      scopes: [resourceId(rule.source.namespace, rule.source.resource)]
      evaluationFrequency: 'PT5M'
      windowSize: rule.window
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: 'count'
            metricNamespace: rule.source.namespace
            metricName: rule.source.metric
            dimensions: rule.dimensions
            timeAggregation: 'Total'
            operator: 'GreaterThan'
            threshold: rule.threshold
            skipMetricValidation: true // a metric exists from its first value on
          }
        ]
      }
      autoMitigate: true
      actions: [{ actionGroupId: actions.id }]
    }
  }
]
