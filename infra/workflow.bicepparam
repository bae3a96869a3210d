// The service principals of the deploy workflow (docs/deployment.md).
using 'workflow.bicep'

param deployerId = readEnvironmentVariable('DEPLOYER_ID')
param publisherId = readEnvironmentVariable('PUBLISHER_ID')
