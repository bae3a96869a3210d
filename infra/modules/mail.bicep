metadata description = 'Communication Services, and the domain that emails come from.'

param name string
param domain string
param domainIsVerified bool
param identityName string
param workspaceId string

var isAzureManaged = empty(domain)

// What this service knows of places: where its data is kept at rest.
var dataLocation = 'United States'

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource service 'Microsoft.Communication/emailServices@2025-09-01' = {
  name: name
  location: 'global'
  properties: { dataLocation: dataLocation }

  resource sender 'domains' = {
    name: isAzureManaged ? 'AzureManagedDomain' : domain
    location: 'global'
    properties: {
      domainManagement: isAzureManaged ? 'AzureManaged' : 'CustomerManaged'
      userEngagementTracking: 'Disabled'
    }
  }
}

resource communication 'Microsoft.Communication/communicationServices@2025-09-01' = {
  name: name
  location: 'global'
  properties: {
    dataLocation: dataLocation
    disableLocalAuth: true
    linkedDomains: isAzureManaged || domainIsVerified ? [service::sender.id] : []
  }
}

// The built-in role that can send may also read the keys and delete the service. These three actions are what the service's
// documentation asks for of an identity that sends email.
resource emailSender 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'email-sender')
  properties: {
    roleName: 'Credentialing email sender (${resourceGroup().name})'
    description: 'Sends email through Communication Services, and asks what became of it.'
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

resource appSendsEmail 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(communication.id, app.id, emailSender.id)
  scope: communication
  properties: {
    principalId: app.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: emailSender.id
  }
}

// These hold recipients' addresses: they answer an LEA that says it got no email.
resource deliveries 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'deliveries'
  scope: communication
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'EmailSendMailOperational', enabled: true }
      { category: 'EmailStatusUpdateOperational', enabled: true }
    ]
  }
}

output serviceName string = service.name
output endpoint string = 'https://${communication.properties.hostName}'
output from string = 'DoNotReply@${service::sender.properties.fromSenderDomain}'
