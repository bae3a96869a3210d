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

@description('Domain of the API, such as api.credentialing.example, whose DNS records exist. Empty: the name that Azure gives. Vendors keep a domain of yours when the app moves.')
param apiDomain string = ''

@description('Base URL that vendors\' systems are configured with: https, ends in /api/v1. Screens and emails show it. Empty: that of the API.')
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

@description('Schedule of the backup: NCRONTAB, UTC. Two hours after the daily run, its retries have ended.')
param backupSchedule string = '0 0 16 * * *'

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

@description('Whether instances run in several availability zones. Azure then keeps two instances ready for each group of functions.')
param zoneRedundant bool = false

@description('Redundancy of the host storage account. Zone-redundant instances require Standard_ZRS.')
@allowed(['Standard_LRS', 'Standard_ZRS'])
param hostRedundancy string = 'Standard_LRS'

@description('Redundancy of the data storage account.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param dataRedundancy string

@description('Days until a report moves to the cool access tier.')
@minValue(30)
param reportsCoolAfterDays int = 180

@description('Days until a report is deleted.')
@minValue(365)
param reportsDeletedAfterDays int = 1825

@description('Region of the backups. In another region than the data, they survive the loss of a region.')
param backupLocation string = location

@description('Redundancy of the backup storage account.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param backupRedundancy string = 'Standard_LRS'

@description('Days during which nobody can change or delete a backup.')
@minValue(1)
@maxValue(146000)
param backupRetentionDays int = 35

@description('Whether backupRetentionDays is locked. It can then be extended, but never be shortened or removed, not even by Microsoft. Possible only if the account exists.')
param backupRetentionLocked bool = false

@description('Days until a backup of the LEAs is deleted.')
@minValue(1)
param backupKeptDays int = 90

@description('Days until a backup of the downloads is deleted: eight years.')
@minValue(1)
param disclosureBackupKeptDays int = 2922

@description('Days after which the app creates a new version of each of its secrets: 30 to 730. 0: never.')
@minValue(0)
@maxValue(730)
param secretRotationDays int = 180

@description('Retention of logs, in days. The logs of the mail service contain recipients\' addresses.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Retention of the logs that an auditor needs, in days: who read secrets, and refused authentications. They contain no personal data.')
@minValue(30)
@maxValue(730)
param auditRetentionDays int = 400

@description('Whether the storage accounts and the vault can be reached only from the private network.')
param privateNetwork bool = false

@description('Address range of the private network: a /24 or larger.')
param networkAddresses string = '10.64.0.0/24'

@description('Public IPv4 addresses or ranges from which the reports are uploaded in spite of the private network.')
param reportUploaderAddresses string[] = []

@description('Whether storage encrypts data a second time. Azure accepts a change only when an account is created.')
param infrastructureEncryption bool = true

@description('Whether the data, the backups and the vault have a lock against deletion.')
param deletionLocks bool = false

@description('Front Door with a web application firewall. Standard has rate limits. Premium also has managed rules.')
@allowed(['Off', 'Standard', 'Premium'])
param frontDoor string = 'Off'

@description('Front Door: requests per minute that one client address may send. A tenth of it may be token requests.')
@minValue(100)
param frontDoorRequestsPerMinute int = 3000

@description('Whether Microsoft Defender for Storage watches the data storage account.')
param defender bool = false

@description('Defender: maximum GB of uploaded reports per month that are scanned for malware. 0: none.')
@minValue(0)
param malwareScanLimit int = 0

@description('Budget per month, in the currency of the subscription. Alerts are sent at 80 %, and if 100 % are forecast. 0: none.')
@minValue(0)
param monthlyBudget int = 0

@description('First day of the month in which the budget was created, such as 2027-01-01. Azure does not accept a change.')
param budgetStart string = ''

@description('Tags of all resources, in addition to application and environment.')
param tags object = {}

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
var allTags = union({ application: 'credentialing', environment: environment }, tags)

var isBehindFrontDoor = frontDoor != 'Off'
var appHost = '${globalName}.azurewebsites.net'
var apiHost = !empty(apiDomain) ? apiDomain : isBehindFrontDoor ? front!.outputs.host : appHost

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: '${name}-app'
  location: location
  tags: allTags
}

module roles 'modules/roles.bicep' = if (definesRoles) {}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    name: name
    location: location
    tags: allTags
    identityName: app.name
    retentionDays: logRetentionDays
    auditRetentionDays: auditRetentionDays
  }
}

module hostStorage 'modules/host-storage.bicep' = {
  params: {
    name: 'host${environment}${token}'
    location: location
    tags: allTags
    redundancy: hostRedundancy
    isPrivate: privateNetwork
    infrastructureEncryption: infrastructureEncryption
    identityName: app.name
    workspaceId: monitoring.outputs.workspaceId
  }
}

module dataStorage 'modules/data-storage.bicep' = {
  params: {
    name: 'data${environment}${token}'
    location: location
    tags: allTags
    redundancy: dataRedundancy
    isPrivate: privateNetwork
    addresses: reportUploaderAddresses
    infrastructureEncryption: infrastructureEncryption
    deletionLock: deletionLocks
    defender: defender
    malwareScanLimit: malwareScanLimit
    reportsCoolAfterDays: reportsCoolAfterDays
    reportsDeletedAfterDays: reportsDeletedAfterDays
    identityName: app.name
    reportUploaderId: reportUploaderId
    reportUploaderType: reportUploaderType
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [roles]
}

module backupStorage 'modules/backup-storage.bicep' = {
  params: {
    name: 'back${environment}${token}'
    location: backupLocation
    tags: allTags
    redundancy: backupRedundancy
    isPrivate: privateNetwork
    infrastructureEncryption: infrastructureEncryption
    deletionLock: deletionLocks
    retentionDays: backupRetentionDays
    retentionIsLocked: backupRetentionLocked
    keptDays: backupKeptDays
    disclosuresKeptDays: disclosureBackupKeptDays
    identityName: app.name
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [roles]
}

module vault 'modules/vault.bicep' = {
  params: {
    name: 'cred-${environment}-${token}'
    location: location
    tags: allTags
    isPrivate: privateNetwork
    deletionLock: deletionLocks
    identityName: app.name
    vaultOfficerId: vaultOfficerId
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [roles]
}

module mail 'modules/mail.bicep' = {
  params: {
    name: globalName
    tags: allTags
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
    tags: allTags
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  params: {
    name: name
    location: location
    tags: allTags
    addresses: networkAddresses
    endpoints: [
      { name: 'data-tables', resource: dataStorage.outputs.name, service: 'table' }
      { name: 'data-blobs', resource: dataStorage.outputs.name, service: 'blob' }
      { name: 'backup-blobs', resource: backupStorage.outputs.name, service: 'blob' }
      { name: 'host-blobs', resource: hostStorage.outputs.name, service: 'blob' }
      { name: 'vault', resource: vault.outputs.name, service: 'vault' }
    ]
  }
}

module front 'modules/front.bicep' = if (isBehindFrontDoor) {
  params: {
    name: globalName
    tags: allTags
    tier: frontDoor == 'Premium' ? 'Premium' : 'Standard'
    originHost: appHost
    domain: apiDomain
    requestsPerMinute: frontDoorRequestsPerMinute
  }
}

module functionApp 'modules/function-app.bicep' = {
  params: {
    name: globalName
    location: location
    tags: allTags
    identityName: app.name
    hostStorageName: hostStorage.outputs.name
    packageContainer: hostStorage.outputs.packageContainer
    applicationInsightsName: name
    workspaceId: monitoring.outputs.workspaceId
    allowedOrigins: union([screens.outputs.origin], screenOrigins)
    maximumInstances: maximumInstances
    instanceMemory: instanceMemory
    readyInstances: readyInstances
    zoneRedundant: zoneRedundant
    subnetId: privateNetwork ? network!.outputs.appSubnetId : ''
    isBehindFrontDoor: isBehindFrontDoor
    frontDoorId: isBehindFrontDoor ? front!.outputs.id : ''
    settings: union(
      {
        ReminderSchedule: reminderSchedule
        OverviewSchedule: overviewSchedule
        BackupSchedule: backupSchedule
        Credentialing__Azure__TableEndpoint: dataStorage.outputs.tableEndpoint
        Credentialing__Azure__BlobEndpoint: dataStorage.outputs.blobEndpoint
        Credentialing__Azure__BackupEndpoint: backupStorage.outputs.blobEndpoint
        Credentialing__Azure__VaultUri: vault.outputs.uri
        Credentialing__Azure__CommunicationEndpoint: mail.outputs.endpoint
        Credentialing__Mail__From: mail.outputs.from
        Credentialing__MyToms__BaseUrl: myTomsBaseUrl
        Credentialing__MyToms__Scope: myTomsScope
        Credentialing__ScreenUrl: empty(screenUrl) ? '${screens.outputs.origin}/credentialing/' : screenUrl
        Credentialing__VendorBaseUrl: empty(vendorBaseUrl) ? 'https://${apiHost}/api/v1' : vendorBaseUrl
        Credentialing__Toms__Authority: tomsAuthority
        Credentialing__Toms__Audience: tomsAudience
        Credentialing__TimeZone: timeZone
        Credentialing__SecretRotation__Days: string(secretRotationDays)
      },
      // The app believes the client address in a header only if the request comes from this Front Door.
      isBehindFrontDoor ? { Credentialing__Throttling__FrontDoorId: front!.outputs.id } : {},
      furtherSettings
    )
  }
}

module apiDomainOnApp 'modules/api-domain.bicep' = if (!empty(apiDomain) && !isBehindFrontDoor) {
  params: {
    appName: globalName
    location: location
    tags: allTags
    domain: apiDomain
  }
  dependsOn: [functionApp]
}

module availability 'modules/availability.bicep' = {
  params: {
    name: '${name}-ready'
    location: location
    tags: allTags
    applicationInsightsName: name
    url: 'https://${apiHost}/api/health/ready'
  }
  dependsOn: [functionApp]
}

module alerts 'modules/alerts.bicep' = {
  params: {
    name: name
    location: location
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
    email: alertEmail
    refusedAuthentications: refusedAuthenticationsAlert
    secretMaxAgeDays: (secretRotationDays == 0 ? 365 : secretRotationDays) + 30
    appClientId: app.properties.clientId
  }
}

module budget 'modules/budget.bicep' = if (monthlyBudget > 0) {
  params: {
    name: name
    amount: monthlyBudget
    start: budgetStart
    email: alertEmail
  }
}

module workbook 'modules/workbook.bicep' = {
  params: {
    name: name
    location: location
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
  }
}

output functionAppName string = functionApp.outputs.name
output apiOrigin string = 'https://${apiHost}'
output appHost string = appHost
output screensName string = screens.outputs.name
output screensOrigin string = screens.outputs.origin
output vaultName string = vault.outputs.name
output dataStorageName string = dataStorage.outputs.name
output backupStorageName string = backupStorage.outputs.name
output hostStorageName string = hostStorage.outputs.name
output mailServiceName string = mail.outputs.serviceName
output mailFrom string = mail.outputs.from
output workspaceName string = monitoring.outputs.workspaceName
output identityName string = app.name
