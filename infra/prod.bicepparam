// Production. Installation-specific values come from environment variables, which the deploy workflow sets. Variables without a
// second argument are required.
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

param apiDomain = readEnvironmentVariable('API_DOMAIN', '')
param vendorBaseUrl = readEnvironmentVariable('VENDOR_BASE_URL', '')
param screenUrl = readEnvironmentVariable('SCREEN_URL', '')
param screenOrigins = filter(split(readEnvironmentVariable('SCREEN_ORIGINS', ''), ' '), origin => !empty(origin))

param monthlyBudget = empty(readEnvironmentVariable('MONTHLY_BUDGET', ''))
  ? 0
  : int(readEnvironmentVariable('MONTHLY_BUDGET', ''))
param budgetStart = readEnvironmentVariable('BUDGET_START', '')

// Required: the rate limit of an Azure-managed domain is below the number of LEAs.
param mailDomain = empty(readEnvironmentVariable('MAIL_DOMAIN'))
  ? fail('MAIL_DOMAIN is empty.')
  : readEnvironmentVariable('MAIL_DOMAIN')
param mailDomainIsVerified = readEnvironmentVariable('MAIL_DOMAIN_IS_VERIFIED', 'false') == 'true'

// Only the app may read the secrets. Access to create or rotate secrets is granted when needed.
param vaultOfficerId = ''
param reportUploaderId = readEnvironmentVariable('REPORT_UPLOADER_ID', '')
param reportUploaderAddresses = filter(
  split(readEnvironmentVariable('REPORT_UPLOADER_ADDRESSES', ''), ' '),
  address => !empty(address)
)

param definesRoles = false // workflow.bicep defines them

param maximumInstances = 100
// In several availability zones, Azure keeps two instances ready for each group of functions.
param zoneRedundant = true
param readyInstances = 2
param hostRedundancy = 'Standard_ZRS'
// GZRS: three copies in three zones of the region, and three copies in another region of the same country.
param dataRedundancy = 'Standard_GZRS'
// Backups are in a third region.
param backupLocation = empty(readEnvironmentVariable('BACKUP_LOCATION', ''))
  ? 'centralus'
  : readEnvironmentVariable('BACKUP_LOCATION', '')
param backupRedundancy = 'Standard_ZRS'

param privateNetwork = true
param deletionLocks = true
param defender = true
