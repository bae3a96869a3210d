metadata description = 'Log workspace, redaction of telemetry before it is stored, and Application Insights.'

param name string
param location string
param tags object
param identityName string
param retentionDays int
param auditRetentionDays int

var monitoringMetricsPublisher = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  '3913510d-42f4-4e42-8a64-420c390055eb'
)

// The query string of a temporary link contains a token (a JWT), in a URL or in a column of its own. A JWT begins with {" in base64url.
var token = 'eyJ[0-9A-Za-z_-]{16}'

// URLs of reports contain an SSID (10 digits). URLs of table rows contain a CDS code (14 digits), possibly followed by a coordinator's
// id. So URLs are truncated before the first 10 or more digits, plain or percent-encoded, or before a token. The KQL subset of
// transformations has no replace function.
var privateInUrl = '(?:[0-9]|%3[0-9]){10}|${token}'

// Log messages contain CDS codes (14 digits) on purpose. So they are truncated only before 10 to 13 digits, or a token.
var privateInText = '(?:^|[^0-9])[0-9]{10,13}(?:[^0-9]|$)|${token}'

// Text and JSON columns that may contain personal data. JSON columns use the pattern of log messages, because spans contain CDS codes of LEAs.
var tables = [
  { name: 'AppRequests', pattern: privateInUrl, texts: ['Url', 'Name', 'OperationName'], objects: ['Properties'] }
  { name: 'AppDependencies', pattern: privateInUrl, texts: ['Data', 'Name', 'OperationName'], objects: ['Properties'] }
  { name: 'AppTraces', pattern: privateInText, texts: ['Message', 'OperationName'], objects: ['Properties'] }
  {
    name: 'AppExceptions'
    pattern: privateInText
    texts: ['OuterMessage', 'InnermostMessage', 'OperationName']
    objects: ['Details', 'Properties']
  }
  {
    name: 'FunctionAppLogs'
    pattern: privateInText
    texts: ['Message', 'ExceptionMessage', 'ExceptionDetails']
    objects: []
  }
]

// Who read which secret; the app's log, such as refused authentications of LEAs; how many authentications were refused. None of these
// tables contains personal data.
var auditTables = ['AZKVAuditLogs', 'AppTraces', 'AppMetrics']

@description('Truncates a text column before the first match.')
func truncate(column string, pattern string) string =>
  '${column} = iif(${column} matches regex "${pattern}", strcat(extract("(?s)^(.*?)(?:${pattern})", 1, ${column}), "-"), ${column})'

@description('Empties a JSON column that contains a match.')
func clear(column string, pattern string) string =>
  '${column} = iif(tostring(${column}) matches regex "${pattern}", parse_json("{}"), ${column})'

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

// Created only if missing, because of a circular reference: the rule needs the workspace, and its full definition needs the rule.
@onlyIfNotExists()
resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
  }
}

resource transformation 'Microsoft.Insights/dataCollectionRules@2024-03-11' = {
  name: '${name}-no-personal-data'
  location: location
  tags: tags
  kind: 'WorkspaceTransforms'
  properties: {
    destinations: { logAnalytics: [{ name: 'workspace', workspaceResourceId: workspace.id }] }
    dataFlows: [
      for table in tables: {
        streams: ['Microsoft-Table-${table.name}']
        destinations: ['workspace']
        transformKql: 'source | extend ${join(concat(map(table.texts, column => truncate(column, table.pattern)), map(table.objects, column => clear(column, privateInText))), ', ')}'
      }
    ]
  }
}

module transformedWorkspace 'transformed-workspace.bicep' = {
  params: {
    name: workspace.name
    location: location
    tags: tags
    retentionDays: retentionDays
    auditTables: auditTables
    auditRetentionDays: auditRetentionDays
    transformationId: transformation.id
  }
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' = {
  name: name
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: transformedWorkspace.outputs.id
    DisableLocalAuth: true
  }
}

resource appPublishesMetrics 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(applicationInsights.id, app.id, monitoringMetricsPublisher)
  scope: applicationInsights
  properties: {
    principalId: app.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: monitoringMetricsPublisher
  }
}

output workspaceId string = transformedWorkspace.outputs.id
output workspaceName string = workspace.name
