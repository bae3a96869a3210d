import { accountProperties } from 'storage-properties.bicep'

metadata description = 'Storage account of the data: the tables Leas, Expirations, Disclosures and Overview, and the container score-reports.'

param name string
param location string
param tags object
param redundancy string
param isPrivate bool
param infrastructureEncryption bool
param deletionLock bool
param defender bool
param malwareScanLimit int

@description('Public addresses that may reach a private account.')
param addresses string[]
param reportsCoolAfterDays int
param reportsDeletedAfterDays int
param identityName string
param reportUploaderId string
param reportUploaderType string
param workspaceId string

// Days for which a deleted container, and a blob or version that the lifecycle rule has deleted, can be restored.
var recoveryDays = 30

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
  tags: tags
  kind: 'StorageV2'
  sku: { name: redundancy }
  properties: accountProperties(isPrivate, addresses, infrastructureEncryption)

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
                // The age of a version counts from when it was written, not from when it was overwritten or deleted. A shorter time
                // would delete the version of a report that was written long ago as soon as the report is deleted.
                version: { delete: { daysAfterCreationGreaterThan: reportsDeletedAfterDays } }
              }
            }
          }
        ]
      }
    }
  }
}

resource rowEditor 'Microsoft.Authorization/roleDefinitions@2022-04-01' existing = {
  name: guid(resourceGroup().id, 'row-editor')
}

// The scope is the account: all of its tables are the app's.
resource appEditsRows 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, app.id, rowEditor.id)
  scope: account
  properties: {
    principalId: app.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: rowEditor.id
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

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deletionLock) {
  name: 'no-deletion'
  scope: account
  properties: { level: 'CanNotDelete', notes: 'The account has the credentials, the audit trail and the reports.' }
}

resource defenderForStorage 'Microsoft.Security/defenderForStorageSettings@2025-01-01' = if (defender) {
  name: 'current'
  scope: account
  properties: {
    isEnabled: true
    overrideSubscriptionLevelSettings: true
    malwareScanning: { onUpload: { isEnabled: malwareScanLimit > 0, capGBPerMonth: malwareScanLimit } }
    sensitiveDataDiscovery: { isEnabled: false }
  }
}

output name string = account.name
output tableEndpoint string = account.properties.primaryEndpoints.table
output blobEndpoint string = account.properties.primaryEndpoints.blob
