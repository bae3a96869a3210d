metadata description = 'Full definition of the log workspace, with the transformation rule for all ingested data.'

param name string
param location string
param retentionDays int
param transformationId string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: name
  location: location
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    features: { disableLocalAuth: true }
    defaultDataCollectionRuleResourceId: transformationId
  }
}

output id string = workspace.id
