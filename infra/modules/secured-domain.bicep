metadata description = 'Full definition of a domain of the function app, with its certificate.'

param appName string
param domain string
param thumbprint string

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName

  resource securedDomain 'hostNameBindings' = {
    name: domain
    properties: {
      siteName: appName
      hostNameType: 'Verified'
      customHostNameDnsRecordType: 'CName'
      sslState: 'SniEnabled'
      thumbprint: thumbprint
    }
  }
}
