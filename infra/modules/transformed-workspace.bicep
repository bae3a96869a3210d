metadata description = 'Full definition of the log workspace, with the transformation rule for all ingested data.'

param name string
param location string
param tags object
param retentionDays int

@description('Tables that are kept longer, and for how many days.')
param auditTables string[]
param auditRetentionDays int
param transformationId string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    features: { disableLocalAuth: true }
    defaultDataCollectionRuleResourceId: transformationId
  }
}

resource tables 'Microsoft.OperationalInsights/workspaces/tables@2025-07-01' = [
  for table in auditTables: {
    parent: workspace
    name: table
    properties: { retentionInDays: auditRetentionDays, totalRetentionInDays: auditRetentionDays }
  }
]

output id string = workspace.id
