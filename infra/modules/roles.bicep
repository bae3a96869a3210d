metadata description = 'Custom roles of the app. Whoever may change the definition of a role can give any right to those who have the role. So the deploy workflow may not: an owner of the resource group defines the roles (workflow.bicep).'

// The built-in role for sending also permits reading the keys and deleting the service. These three actions are those that the
// documentation of the service requires for an identity that sends email.
resource emailSender 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'email-sender')
  properties: {
    roleName: 'Credentialing email sender (${resourceGroup().name})'
    description: 'Sends email through Communication Services, and reads its delivery status.'
    type: 'CustomRole'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        actions: [
          'Microsoft.Communication/CommunicationServices/Read'
          'Microsoft.Communication/CommunicationServices/Write'
          'Microsoft.Communication/EmailServices/write'
        ]
      }
    ]
  }
}

// The built-in role Storage Table Data Contributor also permits deleting tables.
resource rowEditor 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'row-editor')
  properties: {
    roleName: 'Credentialing row editor (${resourceGroup().name})'
    description: 'Reads, inserts, updates and deletes rows of tables. Cannot create or delete a table.'
    type: 'CustomRole'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        dataActions: [
          'Microsoft.Storage/storageAccounts/tableServices/tables/entities/read'
          'Microsoft.Storage/storageAccounts/tableServices/tables/entities/add/action'
          'Microsoft.Storage/storageAccounts/tableServices/tables/entities/update/action'
          'Microsoft.Storage/storageAccounts/tableServices/tables/entities/delete'
        ]
      }
    ]
  }
}

// With add/action, Put Blob creates a blob, but does not overwrite one. Put Block, Put Block List and changes of properties, tiers and
// leases require write; a deletion requires delete.
resource backupWriter 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'backup-writer')
  properties: {
    roleName: 'Credentialing backup writer (${resourceGroup().name})'
    description: 'Reads and lists blobs, and adds new ones. Cannot overwrite or delete a blob.'
    type: 'CustomRole'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        dataActions: [
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action'
        ]
      }
    ]
  }
}

// The built-in role Key Vault Secrets User permits only reading. Key Vault Secrets Officer also permits deleting, purging and backup.
resource secretRotator 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'secret-rotator')
  properties: {
    roleName: 'Credentialing secret rotator (${resourceGroup().name})'
    description: 'Reads secrets, creates versions and disables versions. Cannot delete, purge, back up or restore a secret.'
    type: 'CustomRole'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        dataActions: [
          'Microsoft.KeyVault/vaults/secrets/getSecret/action'
          'Microsoft.KeyVault/vaults/secrets/readMetadata/action'
          'Microsoft.KeyVault/vaults/secrets/setSecret/action'
          'Microsoft.KeyVault/vaults/secrets/update/action'
        ]
      }
    ]
  }
}
