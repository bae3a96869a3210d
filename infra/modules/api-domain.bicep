metadata description = 'Domain of the API on the function app, with a managed certificate that renews itself. Its DNS records must exist.'

param appName string
param location string
param tags object
param domain string

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName

  // Created only if missing: the certificate needs the domain, and the full definition of the domain needs the certificate.
  @onlyIfNotExists()
  resource domainWithoutCertificate 'hostNameBindings' = {
    name: domain
    properties: {
      siteName: appName
      hostNameType: 'Verified'
      customHostNameDnsRecordType: 'CName'
      sslState: 'Disabled'
    }
  }

  // Flex Consumption has certificates of the app. Certificates of a resource group do not work there.
  resource certificate 'certificates' = {
    name: replace(domain, '.', '-')
    location: location
    tags: tags
    properties: { canonicalName: domain }
    dependsOn: [domainWithoutCertificate]
  }
}

module securedDomain 'secured-domain.bicep' = {
  params: {
    appName: appName
    domain: domain
    thumbprint: app::certificate.properties.thumbprint
  }
}
