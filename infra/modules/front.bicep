metadata description = 'Front Door with a web application firewall, in front of the function app.'

param name string
param tags object

@description('Standard has the rate limits. Premium also has the managed rules.')
param tier 'Standard' | 'Premium'

@description('Host name of the function app.')
param originHost string

@description('Domain of the API. Empty: a subdomain of azurefd.net.')
param domain string

@description('Requests per minute that one client address may send.')
param requestsPerMinute int

var sku = '${tier}_AzureFrontDoor'

var rateLimits = [
  { name: 'Tokens', path: '/api/v1/token', limit: requestsPerMinute / 10 }
  { name: 'Requests', path: '/', limit: requestsPerMinute }
]

resource profile 'Microsoft.Cdn/profiles@2025-06-01' = {
  name: name
  location: 'global'
  tags: tags
  sku: { name: sku }
  properties: { originResponseTimeoutSeconds: 240 }

  resource customDomain 'customDomains' = if (!empty(domain)) {
    name: replace(domain, '.', '-')
    properties: {
      hostName: domain
      tlsSettings: { certificateType: 'ManagedCertificate', minimumTlsVersion: 'TLS12' }
    }
  }

  // No health probe: there is only one origin.
  resource origins 'originGroups' = {
    name: 'api'
    properties: {
      loadBalancingSettings: { sampleSize: 4, successfulSamplesRequired: 3, additionalLatencyInMilliseconds: 50 }
    }

    resource app 'origins' = {
      name: 'app'
      properties: {
        hostName: originHost
        originHostHeader: originHost
        enforceCertificateNameCheck: true
        enabledState: 'Enabled'
      }
    }
  }

  resource endpoint 'afdEndpoints' = {
    name: name
    location: 'global'
    tags: tags
    properties: { enabledState: 'Enabled' }

    // No cache and no compression: both would change responses (ETag, Range).
    resource route 'routes' = {
      name: 'api'
      properties: {
        originGroup: { id: origins.id }
        customDomains: empty(domain) ? [] : [{ id: customDomain.id }]
        patternsToMatch: ['/*']
        supportedProtocols: ['Https']
        forwardingProtocol: 'HttpsOnly'
        httpsRedirect: 'Disabled'
        linkToDefaultDomain: 'Enabled'
        enabledState: 'Enabled'
      }
      dependsOn: [origins::app]
    }
  }

  resource protection 'securityPolicies' = {
    name: 'firewall'
    properties: {
      parameters: {
        type: 'WebApplicationFirewall'
        wafPolicy: { id: firewall.id }
        associations: [
          {
            domains: concat([{ id: endpoint.id }], empty(domain) ? [] : [{ id: customDomain.id }])
            patternsToMatch: ['/*']
          }
        ]
      }
    }
  }
}

// No logs are collected: they contain URLs, and so SSIDs. The metric Web Application Firewall Request Count counts by rule.
resource firewall 'Microsoft.Network/FrontDoorWebApplicationFirewallPolicies@2025-03-01' = {
  name: replace(name, '-', '')
  location: 'global'
  tags: tags
  sku: { name: sku }
  properties: {
    policySettings: { enabledState: 'Enabled', mode: 'Prevention', requestBodyCheck: 'Enabled' }
    customRules: {
      rules: [
        for (rule, index) in rateLimits: {
          name: rule.name
          priority: index + 1
          enabledState: 'Enabled'
          ruleType: 'RateLimitRule'
          rateLimitDurationInMinutes: 1
          rateLimitThreshold: rule.limit
          groupBy: [{ variableName: 'SocketAddr' }]
          matchConditions: [{ matchVariable: 'RequestUri', operator: 'Contains', matchValue: [rule.path] }]
          action: 'Block'
        }
      ]
    }
    managedRules: {
      managedRuleSets: tier == 'Premium'
        ? [{ ruleSetType: 'Microsoft_DefaultRuleSet', ruleSetVersion: '2.1', ruleSetAction: 'Block' }]
        : []
    }
  }
}

@description('Front Door sends this id in the header X-Azure-FDID.')
output id string = profile.properties.frontDoorId
output host string = empty(domain) ? profile::endpoint.properties.hostName : domain
