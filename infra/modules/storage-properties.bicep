metadata description = 'What all storage accounts have in common.'

@export()
@description('Properties of a storage account: no keys, TLS 1.2, encryption and network access. Addresses are the public IPv4 addresses or ranges that may reach a private account.')
func accountProperties(isPrivate bool, addresses string[], infrastructureEncryption bool) object => {
  accessTier: 'Hot'
  allowBlobPublicAccess: false
  allowCrossTenantReplication: false
  allowSharedKeyAccess: false
  defaultToOAuthAuthentication: true
  minimumTlsVersion: 'TLS1_2'
  supportsHttpsTrafficOnly: true
  encryption: {
    keySource: 'Microsoft.Storage'
    requireInfrastructureEncryption: infrastructureEncryption
    services: { blob: { enabled: true, keyType: 'Account' }, file: { enabled: true, keyType: 'Account' } }
  }
  publicNetworkAccess: isPrivate && empty(addresses) ? 'Disabled' : 'Enabled'
  networkAcls: {
    defaultAction: isPrivate ? 'Deny' : 'Allow'
    bypass: 'None'
    ipRules: map(addresses, address => { value: address, action: 'Allow' })
    virtualNetworkRules: []
  }
}
