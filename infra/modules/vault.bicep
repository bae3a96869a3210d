metadata description = 'Key vault. The script new-secret-version.sh creates its secrets, and the app creates their later versions; never a template.'

param name string
param location string
param tags object
param isPrivate bool
param deletionLock bool
param identityName string
param vaultOfficerId string
param workspaceId string

var keyVaultSecretsOfficer = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
)

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enablePurgeProtection: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: isPrivate ? 'Deny' : 'Allow'
      bypass: 'None'
      ipRules: []
      virtualNetworkRules: []
    }
  }
}

resource secretRotator 'Microsoft.Authorization/roleDefinitions@2022-04-01' existing = {
  name: guid(resourceGroup().id, 'secret-rotator')
}

resource appRotatesSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, app.id, secretRotator.id)
  scope: vault
  properties: {
    principalId: app.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: secretRotator.id
  }
}

resource officerManagesSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(vaultOfficerId)) {
  name: guid(vault.id, vaultOfficerId, keyVaultSecretsOfficer)
  scope: vault
  properties: {
    principalId: vaultOfficerId
    roleDefinitionId: keyVaultSecretsOfficer
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deletionLock) {
  name: 'no-deletion'
  scope: vault
  properties: { level: 'CanNotDelete', notes: 'Without its secrets, no key of a vendor can be verified.' }
}

output name string = vault.name
output uri string = vault.properties.vaultUri
