import { accountProperties } from 'storage-properties.bicep'

metadata description = 'Storage account of the backups: the container backups, to which the app can only add. Nobody can change or delete a backup during its retention.'

param name string
param location string
param tags object
param redundancy string
param isPrivate bool
param infrastructureEncryption bool
param deletionLock bool
param identityName string
param workspaceId string

@description('Days during which a backup cannot be changed or deleted.')
param retentionDays int

@description('Whether the retention is locked. It can then be extended, but never be shortened or removed.')
param retentionIsLocked bool

@description('Days until a backup of the LEAs is deleted.')
param keptDays int

@description('Days until a backup of the downloads is deleted.')
param disclosuresKeptDays int

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: redundancy }
  properties: union(accountProperties(isPrivate, [], infrastructureEncryption), {
    accessTier: 'Cool'
    // Can be enabled only when the account is created. A new policy is unlocked; only an existing one can be locked.
    immutableStorageWithVersioning: {
      enabled: true
      immutabilityPolicy: {
        immutabilityPeriodSinceCreationInDays: retentionDays
        allowProtectedAppendWrites: false
        state: retentionIsLocked ? 'Locked' : 'Unlocked'
      }
    }
  })

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      isVersioningEnabled: true
      containerDeleteRetentionPolicy: { enabled: true, days: 30 }
    }

    resource backups 'containers' = {
      name: 'backups'
    }
  }

  resource lifecycle 'managementPolicies' = {
    name: 'default'
    dependsOn: [blobs]
    properties: {
      policy: {
        rules: [
          for rule in [
            { name: 'old-backups', prefixes: ['backups/leas/', 'backups/changes/'], days: keptDays }
            { name: 'old-backups-of-downloads', prefixes: ['backups/disclosures/'], days: disclosuresKeptDays }
          ]: {
            name: rule.name
            type: 'Lifecycle'
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: rule.prefixes }
              actions: {
                baseBlob: { delete: { daysAfterModificationGreaterThan: rule.days } }
                version: { delete: { daysAfterCreationGreaterThan: rule.days } }
              }
            }
          }
        ]
      }
    }
  }
}

resource backupWriter 'Microsoft.Authorization/roleDefinitions@2022-04-01' existing = {
  name: guid(resourceGroup().id, 'backup-writer')
}

resource appAddsBackups 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::blobs::backups.id, app.id, backupWriter.id)
  scope: account::blobs::backups
  properties: {
    principalId: app.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: backupWriter.id
  }
}

// No request logs, as for the data.
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
  properties: { level: 'CanNotDelete', notes: 'The account has the backups.' }
}

output name string = account.name
output blobEndpoint string = account.properties.primaryEndpoints.blob
