metadata description = 'Alert rules. Each query returns a row while its condition is met, and no row otherwise.'

param name string
param location string
param tags object
param workspaceId string
param email string
param refusedAuthentications int
param secretMaxAgeDays int

@description('Client id of the app\'s identity, which alone reads the secrets.')
param appClientId string

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'Credentials'
    emailReceivers: [{ name: 'operations', emailAddress: email, useCommonAlertSchema: true }]
  }
}

var rules = [
  {
    name: 'not-available'
    title: 'The app is not available'
    description: 'The readiness check failed in at least two of three places.'
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    lookBack: ''
    query: '''
      AppAvailabilityResults
      | summarize arg_max(TimeGenerated, Success) by Location
      | summarize Failed = countif(not(Success))
      | where Failed >= 2
      '''
  }
  {
    name: 'run-failed'
    title: 'The daily run failed'
    description: 'The latest daily run did not complete all due work. It is retried three times at intervals of ten minutes, and then on the next day.'
    severity: 1
    every: 'PT15M'
    window: 'PT1H'
    lookBack: 'P2D'
    query: '''
      AppMetrics
      | where TimeGenerated > ago(26h) and Name == "credentialing.run.duration"
      | summarize arg_max(TimeGenerated, Properties)
      | where tostring(Properties.outcome) == "failed"
      '''
  }
  {
    name: 'no-run'
    title: 'There was no daily run'
    description: 'No daily run has ended in the last 26 hours.'
    severity: 1
    every: 'PT1H'
    window: 'PT1H'
    lookBack: 'P2D'
    query: '''
      AppMetrics
      | where TimeGenerated > ago(26h) and Name == "credentialing.run.duration"
      | summarize Runs = count()
      | where Runs == 0
      '''
  }
  {
    name: 'server-errors'
    title: 'Requests fail'
    description: 'At least 5 % of the requests in 15 minutes returned 5xx, with at least 20 requests.'
    severity: 2
    every: 'PT5M'
    window: 'PT15M'
    lookBack: ''
    query: '''
      AppRequests
      | summarize Requests = sum(ItemCount), Failed = sumif(ItemCount, toint(ResultCode) >= 500)
      | where Requests >= 20 and Failed * 20 >= Requests
      '''
  }
  {
    name: 'authentications-refused'
    title: 'Many authentications are refused'
    description: 'Many authentications fail. Possible causes: an attacker guesses keys, or an LEA regenerated its credentials and its vendors still use the old key.'
    severity: 3
    every: 'PT5M'
    window: 'PT15M'
    lookBack: ''
    query: format(
      '''
      AppMetrics
      | where Name == "credentialing.authentications" and tostring(Properties.outcome) == "refused" and tostring(Properties.by) != "link"
      | summarize Refused = sum(Sum)
      | where Refused >= {0}
      ''',
      refusedAuthentications
    )
  }
  {
    name: 'key-leaked'
    title: 'A secret key has leaked'
    description: 'TOMS or GitHub reported a secret key of an LEA. A key that GitHub has found was stopped automatically.'
    severity: 2
    every: 'PT15M'
    window: 'PT15M'
    lookBack: ''
    query: '''
      AppMetrics
      | where Name == "credentialing.leaks" and tostring(Properties.match) != "unknown"
      | summarize Keys = sum(Sum)
      | where Keys > 0
      '''
  }
  {
    name: 'emails-not-delivered'
    title: 'Emails were not delivered'
    description: 'The mail service accepted emails, and then did not deliver them to at least one recipient.'
    severity: 3
    every: 'PT1H'
    window: 'PT6H'
    lookBack: ''
    query: '''
      ACSEmailStatusUpdateOperational
      | where DeliveryStatus in ("Bounced", "Failed", "FilteredSpam", "Quarantined", "Suppressed")
      | summarize Emails = dcount(CorrelationId)
      | where Emails > 0
      '''
  }
  {
    name: 'secret-read'
    title: 'Somebody read a secret'
    description: 'Another identity than the app read or backed up a secret of the vault.'
    severity: 1
    every: 'PT15M'
    window: 'PT1H'
    lookBack: ''
    query: format(
      '''
      AZKVAuditLogs
      | where OperationName in ("SecretGet", "SecretBackup") and HttpStatusCode == 200
      | where tostring(Identity.claim.appid) != "{0}"
      | summarize Reads = count()
      | where Reads > 0
      ''',
      appClientId
    )
  }
  {
    name: 'secret-old'
    title: 'A secret is too old'
    description: 'Not both secrets have a version that is young enough: a month older than the interval of the rotation. Or the age of a secret was not recorded in the last 26 hours.'
    severity: 2
    every: 'PT1H'
    window: 'PT1H'
    lookBack: 'P2D'
    query: format(
      '''
      AppMetrics
      | where TimeGenerated > ago(26h) and Name == "credentialing.secret.age"
      | summarize arg_max(TimeGenerated, Sum, ItemCount) by Secret = tostring(Properties.secret)
      | summarize Recent = countif(Sum / ItemCount <= {0})
      | where Recent < 2
      ''',
      secretMaxAgeDays
    )
  }
  {
    name: 'no-backup'
    title: 'There is no backup'
    description: 'No backup has finished in the last 26 hours.'
    severity: 1
    every: 'PT1H'
    window: 'PT1H'
    lookBack: 'P2D'
    query: '''
      AppMetrics
      | where TimeGenerated > ago(26h) and Name == "credentialing.backup.duration" and tostring(Properties.outcome) == "finished"
      | summarize Backups = count()
      | where Backups == 0
      '''
  }
]

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${name}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.title
      description: rule.description
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: rule.every
      windowSize: rule.window
      overrideQueryTimeRange: empty(rule.lookBack) ? null : rule.lookBack
      autoMitigate: true
      // The tables of a new workspace are available only some minutes after its creation.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [actionGroup.id] }
    }
  }
]
