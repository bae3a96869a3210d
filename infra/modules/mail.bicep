metadata description = 'Communication Services and the sender domain of emails.'

param name string
param tags object
param domain string
param domainIsVerified bool
param identityName string
param workspaceId string

var isAzureManaged = empty(domain)

// The service has no region, only a location of its data at rest.
var dataLocation = 'United States'

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource service 'Microsoft.Communication/emailServices@2025-09-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: { dataLocation: dataLocation }

  resource sender 'domains' = {
    name: isAzureManaged ? 'AzureManagedDomain' : domain
    location: 'global'
    tags: tags
    properties: {
      domainManagement: isAzureManaged ? 'AzureManaged' : 'CustomerManaged'
      userEngagementTracking: 'Disabled'
    }
  }
}

resource communication 'Microsoft.Communication/communicationServices@2025-09-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    dataLocation: dataLocation
    disableLocalAuth: true
    linkedDomains: isAzureManaged || domainIsVerified ? [service::sender.id] : []
  }
}

resource emailSender 'Microsoft.Authorization/roleDefinitions@2022-04-01' existing = {
  name: guid(resourceGroup().id, 'email-sender')
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

// These logs contain recipients' addresses. They are needed when an LEA reports that it received no email.
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
