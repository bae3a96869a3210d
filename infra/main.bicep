metadata description = 'Everything that Credentialing runs on, in one resource group. What differs between dev and prod is in dev.bicepparam and prod.bicepparam.'

@description('Which environment this is; part of the names.')
@allowed(['dev', 'prod'])
param environment string

@description('The region of everything that has one.')
param location string = resourceGroup().location

@description('The region of the static web app, which not every region has; its files are served from all over the world.')
@allowed(['westus2', 'centralus', 'eastus2', 'westeurope', 'eastasia'])
param screensLocation string = 'westus2'

@description('The issuer of the TOMS identity provider, which publishes its keys by OpenID Connect Discovery.')
@minLength(1)
param tomsAuthority string

@description('The audience that a token of the TOMS identity provider must name.')
@minLength(1)
param tomsAudience string

@description('What announcements/{id} is relative to on MyTOMS; https.')
@minLength(1)
param myTomsBaseUrl string

@description('The scope of the token with which MyTOMS is called, such as api://mytoms/.default. Empty: it takes a key, the further setting Credentialing__MyToms__ApiKey.')
param myTomsScope string

@description('Where coordinators find the screen, which emails and announcements link to. Empty: on the static web app.')
param screenUrl string = ''

@description('Origins, besides the static web app\'s, whose pages may call the API: TOMS\'s own, if it publishes the screens itself.')
param screenOrigins string[] = []

@description('The domain that emails come from. Empty: one of Azure\'s own, which may send 10 emails an hour.')
param mailDomain string = ''

@description('Whether the DNS records of mailDomain have been verified. Until then, it cannot send.')
param mailDomainIsVerified bool = false

@description('Who is told of alerts.')
@minLength(1)
param alertEmail string

@description('When the daily run begins: NCRONTAB, UTC.')
param reminderSchedule string = '0 0 14 * * *'

@description('The LEAs\' time zone, an IANA name.')
param timeZone string = 'America/Los_Angeles'

@description('Further app settings, by name: those that have a default, and are to have another value. Secrets as references to the vault.')
param furtherSettings object = {}

@description('How many instances of the app there may be.')
@minValue(40)
@maxValue(1000)
param maximumInstances int

@description('The memory of an instance, in MB.')
@allowed([512, 2048, 4096])
param instanceMemory int = 2048

@description('How many instances are kept ready for requests; 0 lets the app go to sleep when nobody calls it.')
@minValue(0)
param readyInstances int = 0

@description('How the data is kept more than once.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param dataRedundancy string

@description('After how many days a report goes to cheaper storage.')
@minValue(30)
param reportsCoolAfterDays int = 180

@description('After how many days a report is deleted.')
@minValue(365)
param reportsDeletedAfterDays int = 1825

@description('For how many days logs are kept. Those of the mail service hold recipients\' addresses.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('The object id of who uploads the reports, who then may write the container. Empty: nobody.')
param reportUploaderId string = ''

@description('The object id of who makes versions of the secrets, who then may read and write them. Empty: nobody, until it is granted for the occasion.')
param vaultOfficerId string = ''

@description('How many refused authentications in 15 minutes raise an alert.')
@minValue(1)
param refusedAuthenticationsAlert int = 100

var token = uniqueString(resourceGroup().id)
var name = 'credentialing-${environment}'
var globalName = '${name}-${token}'

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: '${name}-app'
  location: location
}

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
        Credentialing__Azure__TableEndpoint: dataStorage.outputs.tableEndpoint
        Credentialing__Azure__BlobEndpoint: dataStorage.outputs.blobEndpoint
        Credentialing__Azure__VaultUri: vault.outputs.uri
        Credentialing__Azure__CommunicationEndpoint: mail.outputs.endpoint
        Credentialing__Mail__From: mail.outputs.from
        Credentialing__MyToms__BaseUrl: myTomsBaseUrl
        Credentialing__MyToms__Scope: myTomsScope
        Credentialing__ScreenUrl: empty(screenUrl) ? '${screens.outputs.origin}/credentialing/' : screenUrl
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
