metadata description = 'Availability test: requests the readiness check every five minutes, from three places.'

param name string
param location string
param tags object
param applicationInsightsName string
param url string

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource test 'Microsoft.Insights/webtests@2022-06-15' = {
  name: name
  location: location
  tags: union(tags, { 'hidden-link:${applicationInsights.id}': 'Resource' })
  kind: 'standard'
  properties: {
    SyntheticMonitorId: name
    Name: name
    Kind: 'standard'
    Enabled: true
    Frequency: 300
    Timeout: 30
    RetryEnabled: true
    // West US, South Central US and East US.
    Locations: [{ Id: 'us-ca-sjc-azr' }, { Id: 'us-tx-sn1-azr' }, { Id: 'us-va-ash-azr' }]
    Request: { RequestUrl: url, HttpVerb: 'GET', ParseDependentRequests: false }
    ValidationRules: { ExpectedHttpStatusCode: 200, SSLCheck: true, SSLCertRemainingLifetimeCheck: 14 }
  }
}
