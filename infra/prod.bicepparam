// Production. What is particular to the installation comes from environment variables, which the deploy workflow sets; those
// without a second argument must be there.
using 'main.bicep'

param environment = 'prod'

param tomsAuthority = readEnvironmentVariable('TOMS_AUTHORITY')
param tomsAudience = readEnvironmentVariable('TOMS_AUDIENCE')
param myTomsBaseUrl = readEnvironmentVariable('MYTOMS_BASE_URL')
param myTomsScope = readEnvironmentVariable('MYTOMS_SCOPE', '')
param alertEmail = readEnvironmentVariable('ALERT_EMAIL')
param furtherSettings = json(readEnvironmentVariable('FURTHER_SETTINGS', '') == ''
  ? '{}'
  : readEnvironmentVariable('FURTHER_SETTINGS', ''))

param screenUrl = readEnvironmentVariable('SCREEN_URL', '')
param screenOrigins = filter(split(readEnvironmentVariable('SCREEN_ORIGINS', ''), ' '), origin => !empty(origin))

// One of Azure's own domains may not send as many emails as there are LEAs.
param mailDomain = empty(readEnvironmentVariable('MAIL_DOMAIN'))
  ? fail('MAIL_DOMAIN is empty.')
  : readEnvironmentVariable('MAIL_DOMAIN')
param mailDomainIsVerified = readEnvironmentVariable('MAIL_DOMAIN_IS_VERIFIED', 'false') == 'true'

// Nobody may read the secrets but the app. Who makes or rotates them is let in for the occasion.
param vaultOfficerId = ''
param reportUploaderId = readEnvironmentVariable('REPORT_UPLOADER_ID', '')

param maximumInstances = 100
param readyInstances = 1
// Three copies in the region, in three zones, and three in another region of the same country.
param dataRedundancy = 'Standard_GZRS'
