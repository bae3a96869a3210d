metadata description = 'What the deploy workflow may do in a resource group, and the custom roles that its deployments assign. An owner of the group deploys it before the first run of the workflow, and when a release changes it.'

@description('Object id of the service principal of the jobs preview and deploy.')
param deployerId string

@description('Object id of the service principal of the job screens.')
param publisherId string

// The roles that main.bicep assigns. The ids of custom roles are those of modules/roles.bicep.
var assignableRoles = [
  '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1' // Storage Blob Data Reader
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe' // Storage Blob Data Contributor
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // Storage Blob Data Owner
  '3913510d-42f4-4e42-8a64-420c390055eb' // Monitoring Metrics Publisher
  guid(resourceGroup().id, 'email-sender')
  guid(resourceGroup().id, 'row-editor')
  guid(resourceGroup().id, 'backup-writer')
  guid(resourceGroup().id, 'secret-rotator')
]

// The deployer may assign and remove only these roles, and only of service principals. An assignment is described by the attributes of the
// request when it is written, and by those of the resource when it is deleted.
var roles = join(assignableRoles, ', ')
var condition = join(
  map(
    [
      { action: 'write', source: '@Request' }
      { action: 'delete', source: '@Resource' }
    ],
    rule =>
      '((!(ActionMatches{\'Microsoft.Authorization/roleAssignments/${rule.action}\'})) OR (${rule.source}[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${roles}} AND ${rule.source}[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {\'ServicePrincipal\'}))'
  ),
  ' AND '
)

var contributor = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  'b24988ac-6180-42a0-ab88-20f7382dd24c'
)
var roleBasedAccessControlAdministrator = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  'f58310d9-a9f6-439a-9e8d-f62e7b41a168'
)

module customRoles 'modules/roles.bicep' = {}

resource deployerContributes 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, deployerId, contributor)
  properties: {
    principalId: deployerId
    principalType: 'ServicePrincipal'
    roleDefinitionId: contributor
  }
}

resource deployerAssignsRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, deployerId, roleBasedAccessControlAdministrator)
  properties: {
    principalId: deployerId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roleBasedAccessControlAdministrator
    conditionVersion: '2.0'
    condition: condition
  }
}

// Contributor does not permit locks. This role permits setting a lock, but not removing it.
resource locker 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'locker')
  properties: {
    roleName: 'Credentialing locker (${resourceGroup().name})'
    description: 'Protects resources from deletion. Cannot remove the protection.'
    type: 'CustomRole'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        actions: [
          'Microsoft.Authorization/locks/read'
          'Microsoft.Authorization/locks/write'
        ]
      }
    ]
  }
}

resource deployerLocks 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, deployerId, locker.id)
  properties: {
    principalId: deployerId
    principalType: 'ServicePrincipal'
    roleDefinitionId: locker.id
  }
}

resource screensPublisher 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'screens-publisher')
  properties: {
    roleName: 'Credentialing screens publisher (${resourceGroup().name})'
    description: 'Reads the deployment token of the static web app, with which the screens are published.'
    type: 'CustomRole'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        actions: [
          'Microsoft.Web/staticSites/read'
          'Microsoft.Web/staticSites/listSecrets/action'
        ]
      }
    ]
  }
}

resource publisherPublishesScreens 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, publisherId, screensPublisher.id)
  properties: {
    principalId: publisherId
    principalType: 'ServicePrincipal'
    roleDefinitionId: screensPublisher.id
  }
}
