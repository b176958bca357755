using './main.bicep'

// The parameters that are most likely to change. deploy.sh sets the others through environment variables, so that no key is in a file.
param name = readEnvironmentVariable('SERVERLESS_NAME', 'articles')
param location = readEnvironmentVariable('SERVERLESS_LOCATION', 'swedencentral')

param baseModel = readEnvironmentVariable('SERVERLESS_BASE_MODEL', 'serverless/starter')
param defaultClassifier = 'news'
param minReplicas = 0
param maxReplicas = 10
param functionsProfile = 'Consumption'
param functionsCpu = 4
param trainOn = readEnvironmentVariable('SERVERLESS_TRAIN_ON', 'gpu')
param privateNetworking = false
param functionAppKind = false

param imageTag = readEnvironmentVariable('SERVERLESS_IMAGE_TAG', '')
param subscribeToDatasets = bool(readEnvironmentVariable('SERVERLESS_SUBSCRIBE', 'false'))
param functionKey = readEnvironmentVariable('SERVERLESS_FUNCTION_KEY', '')
param operatorKey = readEnvironmentVariable('SERVERLESS_OPERATOR_KEY', '')
param adminKey = readEnvironmentVariable('SERVERLESS_ADMIN_KEY', '')
param eventKey = readEnvironmentVariable('SERVERLESS_EVENT_KEY', '')
param deployerObjectId = readEnvironmentVariable('SERVERLESS_DEPLOYER_OBJECT_ID', '')
param deployerType = readEnvironmentVariable('SERVERLESS_DEPLOYER_TYPE', 'User')
param deployerIpAddress = readEnvironmentVariable('SERVERLESS_DEPLOYER_IP', '')
param alertEmail = readEnvironmentVariable('SERVERLESS_ALERT_EMAIL', '')
