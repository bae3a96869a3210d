metadata description = 'Private network: the app reaches the storage accounts and the vault through private endpoints.'

param name string
param location string
param tags object

@description('Address range of the network: a /24 or larger.')
param addresses string

@description('Private endpoints: a name, and the service of a storage account or vault that it reaches.')
param endpoints { name: string, resource: string, service: 'blob' | 'table' | 'vault' }[]

var zones = [
  { service: 'blob', name: 'privatelink.blob.${environment().suffixes.storage}' }
  { service: 'table', name: 'privatelink.table.${environment().suffixes.storage}' }
  { service: 'vault', name: 'privatelink.vaultcore.azure.net' }
]
var zoneOf = toObject(range(0, length(zones)), index => zones[index].service, index => index)

resource network 'Microsoft.Network/virtualNetworks@2024-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addresses] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addresses, 25, 0)
          delegations: [{ name: 'flex-consumption', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      { name: 'private-endpoints', properties: { addressPrefix: cidrSubnet(addresses, 26, 2) } }
    ]
  }

  resource appSubnet 'subnets' existing = {
    name: 'app'
  }

  resource endpointSubnet 'subnets' existing = {
    name: 'private-endpoints'
  }
}

resource dnsZones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zone in zones: {
    name: zone.name
    location: 'global'
    tags: tags
  }
]

resource dnsLinks 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zone, index) in zones: {
    parent: dnsZones[index]
    name: name
    location: 'global'
    tags: tags
    properties: { registrationEnabled: false, virtualNetwork: { id: network.id } }
  }
]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2024-07-01' = [
  for endpoint in endpoints: {
    name: '${name}-${endpoint.name}'
    location: location
    tags: tags
    properties: {
      subnet: { id: network::endpointSubnet.id }
      customNetworkInterfaceName: '${name}-${endpoint.name}'
      privateLinkServiceConnections: [
        {
          name: endpoint.name
          properties: {
            privateLinkServiceId: endpoint.service == 'vault'
              ? resourceId('Microsoft.KeyVault/vaults', endpoint.resource)
              : resourceId('Microsoft.Storage/storageAccounts', endpoint.resource)
            groupIds: [endpoint.service]
          }
        }
      ]
    }
  }
]

resource dnsRecords 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-07-01' = [
  for (endpoint, index) in endpoints: {
    parent: privateEndpoints[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        { name: endpoint.service, properties: { privateDnsZoneId: dnsZones[zoneOf[endpoint.service]].id } }
      ]
    }
  }
]

output appSubnetId string = network::appSubnet.id
