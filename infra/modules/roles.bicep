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
