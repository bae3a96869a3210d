// Test environment. Installation-specific values come from environment variables, which azd and the deploy workflow set. Variables
// without a second argument are required.
using 'main.bicep'

param environment = 'dev'

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

// The user who runs azd creates the secrets and uploads sample reports.
param vaultOfficerId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param reportUploaderId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param reportUploaderType = 'User'

// The user who runs azd is an owner of the resource group, and can define roles. The workflow cannot.
param definesRoles = !empty(readEnvironmentVariable('AZURE_PRINCIPAL_ID', ''))

param maximumInstances = 40
param dataRedundancy = 'Standard_LRS'
// A dev environment can be deleted after a day.
param backupRetentionDays = 1
