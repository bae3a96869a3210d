metadata description = 'Storage account of the data: the tables Leas, Expirations, Disclosures and Overview, and the container score-reports.'

param name string
param location string
param redundancy string
param reportsCoolAfterDays int
param reportsDeletedAfterDays int
param identityName string
param reportUploaderId string
param reportUploaderType string
param workspaceId string

// Days for which deleted or overwritten blobs can be restored.
var recoveryDays = 30

var storageTableDataContributor = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
)
var storageBlobDataReader = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
)
var storageBlobDataContributor = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
)

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  kind: 'StorageV2'
  sku: { name: redundancy }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }

  resource tables 'tableServices' = {
    name: 'default'

    resource leas 'tables' = {
      name: 'Leas'
    }

    resource expirations 'tables' = {
      name: 'Expirations'
    }

    resource disclosures 'tables' = {
      name: 'Disclosures'
    }

    resource overview 'tables' = {
      name: 'Overview'
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      isVersioningEnabled: true
      deleteRetentionPolicy: { enabled: true, days: recoveryDays }
      containerDeleteRetentionPolicy: { enabled: true, days: recoveryDays }
    }

    resource reports 'containers' = {
      name: 'score-reports'
    }
  }

  resource lifecycle 'managementPolicies' = {
    name: 'default'
    dependsOn: [blobs]
    properties: {
      policy: {
        rules: [
          {
            name: 'old-reports'
            type: 'Lifecycle'
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['score-reports/'] }
              actions: {
                baseBlob: {
                  tierToCool: { daysAfterModificationGreaterThan: reportsCoolAfterDays }
                  delete: { daysAfterModificationGreaterThan: reportsDeletedAfterDays }
                }
                version: { delete: { daysAfterCreationGreaterThan: recoveryDays } }
              }
            }
          }
        ]
      }
    }
  }
}

// Scope is the account, not each table: it is undocumented whether a role on a table permits transactions. There are no other tables.
resource appChangesTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, app.id, storageTableDataContributor)
  scope: account
  properties: {
    principalId: app.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: storageTableDataContributor
  }
}

resource appReadsReports 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::blobs::reports.id, app.id, storageBlobDataReader)
  scope: account::blobs::reports
  properties: {
    principalId: app.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: storageBlobDataReader
  }
}

resource uploaderWritesReports 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(reportUploaderId)) {
  name: guid(account::blobs::reports.id, reportUploaderId, storageBlobDataContributor)
  scope: account::blobs::reports
  properties: {
    principalId: reportUploaderId
    principalType: reportUploaderType
    roleDefinitionId: storageBlobDataContributor
  }
}

// No request logs: their URLs contain SSIDs and coordinators' ids.
resource metrics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'metrics'
  scope: account
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

output name string = account.name
output tableEndpoint string = account.properties.primaryEndpoints.table
output blobEndpoint string = account.properties.primaryEndpoints.blob
