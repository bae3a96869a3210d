import { accountProperties } from 'storage-properties.bicep'

metadata description = 'Storage account of the Functions host: the deployment package, and the lease that makes the timer run on one instance only. No data of LEAs.'

param name string
param location string
param tags object
param redundancy string
param isPrivate bool
param infrastructureEncryption bool
param identityName string
param workspaceId string

var storageBlobDataOwner = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
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
  properties: accountProperties(isPrivate, [], infrastructureEncryption)

  resource blobs 'blobServices' = {
    name: 'default'

    resource package 'containers' = {
      name: 'package'
    }
  }
}

resource appOwnsBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, app.id, storageBlobDataOwner)
  scope: account
  properties: {
    principalId: app.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: storageBlobDataOwner
  }
}

resource metrics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'metrics'
  scope: account
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

output name string = account.name
output packageContainer string = '${account.properties.primaryEndpoints.blob}${account::blobs::package.name}'
