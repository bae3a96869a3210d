metadata description = 'All Azure resources of Credentialing, in one resource group. The parameter files dev.bicepparam and prod.bicepparam hold the differences between the environments.'

@description('Environment. Part of the resource names.')
@allowed(['dev', 'prod'])
param environment string

@description('Region of all regional resources except the static web app.')
param location string = resourceGroup().location

@description('Region of the static web app, which is not available in every region. Its files are served globally.')
@allowed(['westus2', 'centralus', 'eastus2', 'westeurope', 'eastasia'])
param screensLocation string = 'westus2'

@description('Issuer of the TOMS identity provider, which publishes its keys with OpenID Connect Discovery.')
@minLength(1)
param tomsAuthority string

@description('Required audience of tokens of the TOMS identity provider.')
@minLength(1)
param tomsAudience string

@description('Base URL of the MyTOMS API, to which announcements/{id} is relative. Must use https.')
@minLength(1)
param myTomsBaseUrl string

@description('Scope of the access token for MyTOMS, such as api://mytoms/.default. Empty: MyTOMS requires an API key, the setting Credentialing__MyToms__ApiKey in furtherSettings.')
param myTomsScope string

@description('URL of the screen for coordinators. Emails and announcements link to it. Empty: the static web app.')
param screenUrl string = ''

@description('Base URL that vendors\' systems are configured with: https, ends in /api/v1. Screens and emails show it. Empty: the function app itself.')
param vendorBaseUrl string = ''

@description('CORS: allowed origins in addition to that of the static web app, such as that of TOMS if it publishes the screens itself.')
param screenOrigins string[] = []

@description('Sender domain of emails. Empty: an Azure-managed domain, which is limited to 10 emails per hour.')
param mailDomain string = ''

@description('Whether the DNS records of mailDomain are verified. Until then, the domain cannot send emails.')
param mailDomainIsVerified bool = false

@description('Email address for alerts.')
@minLength(1)
param alertEmail string

@description('Schedule of the daily run: NCRONTAB, UTC.')
param reminderSchedule string = '0 0 14 * * *'

@description('Schedule of the check of the statewide overview: NCRONTAB, UTC. An hour after the daily run, it sees its emails.')
param overviewSchedule string = '0 0 15 * * *'

@description('Time zone of the LEAs, IANA name.')
param timeZone string = 'America/Los_Angeles'

@description('Further app settings, by name, to override defaults. Secrets must be Key Vault references.')
param furtherSettings object = {}

@description('Maximum number of app instances.')
@minValue(40)
@maxValue(1000)
param maximumInstances int

@description('Memory of an instance, in MB.')
@allowed([512, 2048, 4096])
param instanceMemory int = 2048

@description('Number of always-ready instances. 0: the app scales to zero when idle.')
@minValue(0)
param readyInstances int = 0

@description('Redundancy of the data storage account.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param dataRedundancy string

@description('Days until a report moves to the cool access tier.')
@minValue(30)
param reportsCoolAfterDays int = 180

@description('Days until a report is deleted.')
@minValue(365)
param reportsDeletedAfterDays int = 1825

@description('Retention of logs, in days. The logs of the mail service contain recipients\' addresses.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Object id of the identity that uploads the reports. It gets write access to the container. Empty: no identity.')
param reportUploaderId string = ''

@description('Type of the identity that uploads the reports. The deploy workflow may assign roles to service principals only.')
@allowed(['ServicePrincipal', 'User'])
param reportUploaderType string = 'ServicePrincipal'

@description('Object id of the identity that creates secret versions. It gets read and write access to the secrets. Empty: no identity; grant access when needed.')
param vaultOfficerId string = ''

@description('Whether this deployment defines the custom roles. The deploy workflow may not: an owner defines them with workflow.bicep.')
param definesRoles bool

@description('Number of refused authentications in 15 minutes that triggers an alert.')
@minValue(1)
param refusedAuthenticationsAlert int = 100

var token = uniqueString(resourceGroup().id)
var name = 'credentialing-${environment}'
var globalName = '${name}-${token}'

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: '${name}-app'
  location: location
}

module roles 'modules/roles.bicep' = if (definesRoles) {}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    name: name
    location: location
    identityName: app.name
    retentionDays: logRetentionDays
  }
}

module hostStorage 'modules/host-storage.bicep' = {
  params: {
    name: 'host${environment}${token}'
    location: location
    identityName: app.name
    workspaceId: monitoring.outputs.workspaceId
  }
}

module dataStorage 'modules/data-storage.bicep' = {
  params: {
    name: 'data${environment}${token}'
    location: location
    redundancy: dataRedundancy
    reportsCoolAfterDays: reportsCoolAfterDays
    reportsDeletedAfterDays: reportsDeletedAfterDays
    identityName: app.name
    reportUploaderId: reportUploaderId
    reportUploaderType: reportUploaderType
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'modules/vault.bicep' = {
  params: {
    name: 'cred-${environment}-${token}'
    location: location
    identityName: app.name
    vaultOfficerId: vaultOfficerId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module mail 'modules/mail.bicep' = {
  params: {
    name: globalName
    domain: mailDomain
    domainIsVerified: mailDomainIsVerified
    identityName: app.name
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [roles]
}

module screens 'modules/screens.bicep' = {
  params: {
    name: globalName
    location: screensLocation
  }
}

module functionApp 'modules/function-app.bicep' = {
  params: {
    name: globalName
    location: location
    identityName: app.name
    hostStorageName: hostStorage.outputs.name
    packageContainer: hostStorage.outputs.packageContainer
    applicationInsightsName: name
    workspaceId: monitoring.outputs.workspaceId
    allowedOrigins: union([screens.outputs.origin], screenOrigins)
    maximumInstances: maximumInstances
    instanceMemory: instanceMemory
    readyInstances: readyInstances
    settings: union(
      {
        ReminderSchedule: reminderSchedule
        OverviewSchedule: overviewSchedule
        Credentialing__Azure__TableEndpoint: dataStorage.outputs.tableEndpoint
        Credentialing__Azure__BlobEndpoint: dataStorage.outputs.blobEndpoint
        Credentialing__Azure__VaultUri: vault.outputs.uri
        Credentialing__Azure__CommunicationEndpoint: mail.outputs.endpoint
        Credentialing__Mail__From: mail.outputs.from
        Credentialing__MyToms__BaseUrl: myTomsBaseUrl
        Credentialing__MyToms__Scope: myTomsScope
        Credentialing__ScreenUrl: empty(screenUrl) ? '${screens.outputs.origin}/credentialing/' : screenUrl
        Credentialing__VendorBaseUrl: empty(vendorBaseUrl)
          ? 'https://${globalName}.azurewebsites.net/api/v1'
          : vendorBaseUrl
        Credentialing__Toms__Authority: tomsAuthority
        Credentialing__Toms__Audience: tomsAudience
        Credentialing__TimeZone: timeZone
      },
      furtherSettings
    )
  }
}

module alerts 'modules/alerts.bicep' = {
  params: {
    name: name
    location: location
    workspaceId: monitoring.outputs.workspaceId
    email: alertEmail
    refusedAuthentications: refusedAuthenticationsAlert
  }
}

module workbook 'modules/workbook.bicep' = {
  params: {
    name: name
    location: location
    workspaceId: monitoring.outputs.workspaceId
  }
}

output functionAppName string = functionApp.outputs.name
output apiOrigin string = functionApp.outputs.origin
output screensName string = screens.outputs.name
output screensOrigin string = screens.outputs.origin
output vaultName string = vault.outputs.name
output dataStorageName string = dataStorage.outputs.name
output mailServiceName string = mail.outputs.serviceName
output mailFrom string = mail.outputs.from
output workspaceName string = monitoring.outputs.workspaceName
output identityName string = app.name
