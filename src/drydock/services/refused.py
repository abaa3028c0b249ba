"""The services that are refused, grouped by reason."""

# ruff: noqa: RUF100
from __future__ import annotations

from drydock.services.model import Service

_TASK = "run the code as an ECS task"
_VARIABLE = "leave it out of the rehearsal with a variable of the stack"
_REAL = "give the stack the endpoint of a real one through a variable"


def _refused(
    name: str,
    title: str,
    words: str,
    *terraform: str,
    model: str = "",
    signing: str = "",
) -> Service:
    return Service(name, title, "refused", words, model, signing, "", tuple(terraform))


_CODE = f"no function runs here; {_TASK}, or {_VARIABLE}"
_OTHERS = "it makes resources of other services past the region's own records; declare them in the stack one by one"
_MACHINES = f"no EC2 instance runs here; {_TASK}"
_STORE = f"no such store runs here; use Aurora PostgreSQL, or {_REAL}"
_STREAMS = f"nothing here reads or moves its data; {_TASK}, or {_REAL}"
_GATEWAY = f"no such gateway serves requests here; use an application load balancer, or {_VARIABLE}"
_MODELS = f"no model answers here; {_REAL}"
_MEDIA = f"no media is processed here; {_VARIABLE}"
_DEVICES = f"no device connects here; {_VARIABLE}"
_AUDIT = f"nothing is watched or judged by it here; {_VARIABLE}"
_PEOPLE = f"one account with one region is rehearsed; {_VARIABLE}"
_BUILDS = f"nothing is built or deployed by it here; use `drydock deploy` and a pipeline of your own, or {_VARIABLE}"
_NETWORK = f"no such network is built here; use VPCs and peering, or {_VARIABLE}"
_OTHER = f"nothing here does its work; {_VARIABLE}"
_DESKTOPS = f"no desktop runs here; {_VARIABLE}"

REFUSED = (
    # Services that create records of other services.
    _refused("cloudformation", "AWS CloudFormation", _OTHERS, "cloudformation_", "cloudcontrolapi_"),
    _refused("servicecatalog", "AWS Service Catalog", _OTHERS, "servicecatalog_"),
    _refused("servicecatalogappregistry", "AWS Service Catalog AppRegistry", _OTHERS, "servicecatalogappregistry_", model="servicecatalog-appregistry", signing="servicecatalog"),
    _refused("autoscaling", "Amazon EC2 Auto Scaling", _MACHINES, "autoscaling_", "launch_configuration$"),
    _refused("batch", "AWS Batch", f"no job queue runs here; {_TASK}", "batch_"),
    _refused("eks", "Amazon EKS", f"no Kubernetes runs here; {_TASK}", "eks_"),
    _refused("elasticbeanstalk", "AWS Elastic Beanstalk", _MACHINES, "elastic_beanstalk_"),
    _refused("emr", "Amazon EMR", _MACHINES, "emr_", signing="elasticmapreduce"),
    _refused("emrcontainers", "Amazon EMR on EKS", _MACHINES, "emrcontainers_", model="emr-containers"),
    _refused("emrserverless", "Amazon EMR Serverless", _MACHINES, "emrserverless_", model="emr-serverless"),
    _refused("opsworks", "AWS OpsWorks", _MACHINES, "opsworks_"),
    # Services that run code.
    _refused("awslambda", "AWS Lambda", _CODE, "lambda_", model="lambda"),
    _refused("apprunner", "AWS App Runner", f"no such service runs here; {_TASK}", "apprunner_"),
    _refused("lightsail", "Amazon Lightsail", f"no such service runs here; {_TASK}", "lightsail_"),
    _refused("amplify", "AWS Amplify", f"no such site is built here; {_TASK}", "amplify_"),
    _refused("synthetics", "Amazon CloudWatch Synthetics", _CODE, "synthetics_"),
    _refused("swf", "Amazon SWF", f"no worker is called here; {_TASK}", "swf_"),
    _refused("ec2instanceconnect", "EC2 Instance Connect", _MACHINES, model="ec2-instance-connect"),
    _refused("ebs", "Amazon EBS direct APIs", "no EBS snapshot holds data here; use EFS or S3"),
    _refused("elb", "Elastic Load Balancing (classic load balancers)", "no classic load balancer runs here; use an application load balancer", "elb$", "elb_", "app_cookie_stickiness_policy$", "lb_cookie_stickiness_policy$", "lb_ssl_negotiation_policy$", "load_balancer_", "proxy_protocol_policy$", signing="elasticloadbalancing"),
    # Gateways and edges.
    _refused("apigateway", "Amazon API Gateway", _GATEWAY, "api_gateway_"),
    _refused("apigatewayv2", "Amazon API Gateway (HTTP and WebSocket)", _GATEWAY, "apigatewayv2_", signing="apigateway"),
    _refused("apigatewaymanagementapi", "Amazon API Gateway management", _GATEWAY, signing="execute-api"),
    _refused("appsync", "AWS AppSync", _GATEWAY, "appsync_"),
    _refused("appmesh", "AWS App Mesh", "no mesh of its own runs here; use ECS Service Connect", "appmesh_"),
    _refused("vpclattice", "Amazon VPC Lattice", "no lattice runs here; use ECS Service Connect", "vpclattice_", model="vpc-lattice"),
    _refused("globalaccelerator", "AWS Global Accelerator", _GATEWAY, "globalaccelerator_"),
    _refused("shield", "AWS Shield", _AUDIT, "shield_"),
    _refused("waf", "AWS WAF Classic", "no classic rule is applied here; use AWS WAF (wafv2)", "waf_", "wafregional_"),
    # Networks.
    _refused("directconnect", "AWS Direct Connect", _NETWORK, "dx_"),
    _refused("networkfirewall", "AWS Network Firewall", _NETWORK, "networkfirewall_", model="network-firewall"),
    _refused("networkmanager", "AWS Network Manager", _NETWORK, "networkmanager_"),
    _refused("route53domains", "Amazon Route 53 Domains", "no domain is registered here; register it by hand and name its zone in `[account]`", "route53domains_"),
    _refused("route53resolver", "Amazon Route 53 Resolver", f"no resolver endpoint runs here; use private hosted zones, or {_VARIABLE}", "route53_resolver_"),
    # Stores.
    _refused("amp", "Amazon Managed Service for Prometheus", _STORE, "prometheus_", signing="aps"),
    _refused("clouddirectory", "Amazon Cloud Directory", _STORE),
    _refused("cloudhsmv2", "AWS CloudHSM", "no HSM runs here; use AWS KMS", "cloudhsm_", signing="cloudhsm"),
    _refused("dax", "Amazon DynamoDB Accelerator", _STORE, "dax_"),
    _refused("dsql", "Amazon Aurora DSQL", _STORE, "dsql_"),
    _refused("dynamodb_v20111205", "Amazon DynamoDB (version 2011-12-05)", "this version is not answered here; use version 2012-08-10", model="dynamodb"),
    _refused("dynamodbstreams", "Amazon DynamoDB Streams", "no change of an item is streamed here; read the table", signing="dynamodb"),
    _refused("es", "Amazon Elasticsearch Service", _STORE, "elasticsearch_"),
    _refused("fsx", "Amazon FSx", "no such file system runs here; use EFS", "fsx_"),
    _refused("glacier", "Amazon S3 Glacier", "no vault keeps archives here; use S3", "glacier_"),
    _refused("memorydb", "Amazon MemoryDB", _STORE, "memorydb_"),
    _refused("opensearch", "Amazon OpenSearch Service", _STORE, "opensearch_", signing="es"),
    _refused("opensearchserverless", "Amazon OpenSearch Serverless", _STORE, "opensearchserverless_", signing="aoss"),
    _refused("osis", "Amazon OpenSearch Ingestion", _STREAMS, "osis_"),
    _refused("rdsdata", "Amazon RDS Data API", "statements are not run through it here; connect to the cluster", model="rds-data"),
    _refused("redshift", "Amazon Redshift", _STORE, "redshift_", "redshiftserverless_"),
    _refused("redshiftdata", "Amazon Redshift Data API", _STORE, "redshiftdata_", model="redshift-data"),
    _refused("s3tables", "Amazon S3 Tables", _STORE, "s3tables_"),
    _refused("s3vectors", "Amazon S3 Vectors", _STORE, "s3vectors_"),
    _refused("sdb", "Amazon SimpleDB", _STORE, "simpledb_"),
    _refused("timestreaminfluxdb", "Amazon Timestream for InfluxDB", _STORE, "timestreaminfluxdb_", model="timestream-influxdb"),
    _refused("timestreamquery", "Amazon Timestream queries", _STORE, "timestreamquery_", model="timestream-query", signing="timestream"),
    _refused("timestreamwrite", "Amazon Timestream", _STORE, "timestreamwrite_", model="timestream-write", signing="timestream"),
    _refused("neptune", "Amazon Neptune", _STORE, "neptune_", "neptunegraph_"),
    _refused("docdb", "Amazon DocumentDB", _STORE, "docdb_", "docdbelastic_"),
    _refused("keyspaces", "Amazon Keyspaces", _STORE, "keyspaces_"),
    # Data that is moved or read.
    _refused("athena", "Amazon Athena", _STREAMS, "athena_"),
    _refused("databrew", "AWS Glue DataBrew", _STREAMS),
    _refused("datapipeline", "AWS Data Pipeline", _STREAMS, "datapipeline_"),
    _refused("datasync", "AWS DataSync", _STREAMS, "datasync_"),
    _refused("dms", "AWS Database Migration Service", _STREAMS, "dms_"),
    _refused("glue", "AWS Glue", _STREAMS, "glue_"),
    _refused("kafka", "Amazon MSK", _STREAMS, "msk_", "mskconnect_"),
    _refused("kinesisanalyticsv2", "Amazon Managed Service for Apache Flink", _STREAMS, "kinesisanalyticsv2_", "kinesis_analytics_", signing="kinesisanalytics"),
    _refused("lakeformation", "AWS Lake Formation", _STREAMS, "lakeformation_"),
    _refused("mq", "Amazon MQ", _STREAMS, "mq_"),
    _refused("pipes", "Amazon EventBridge Pipes", _STREAMS, "pipes_"),
    _refused("quicksight", "Amazon QuickSight", _STREAMS, "quicksight_"),
    _refused("transfer", "AWS Transfer Family", _STREAMS, "transfer_"),
    _refused("cleanrooms", "AWS Clean Rooms", _STREAMS, "cleanrooms_"),
    # Models and media.
    _refused("bedrock", "Amazon Bedrock", _MODELS, "bedrock_"),
    _refused("bedrockagent", "Amazon Bedrock Agents", _MODELS, "bedrockagent_", model="bedrock-agent", signing="bedrock"),
    _refused("bedrockagentcore", "Amazon Bedrock AgentCore", _MODELS, model="bedrock-agentcore"),
    _refused("bedrockagentcorecontrol", "Amazon Bedrock AgentCore control", _MODELS, "bedrockagentcore_", model="bedrock-agentcore-control", signing="bedrock-agentcore"),
    _refused("bedrockruntime", "Amazon Bedrock Runtime", _MODELS, model="bedrock-runtime", signing="bedrock"),
    _refused("comprehend", "Amazon Comprehend", _MODELS, "comprehend_"),
    _refused("forecast", "Amazon Forecast", _MODELS),
    _refused("lexv2models", "Amazon Lex", _MODELS, "lexv2models_", "lex_", model="lexv2-models", signing="lex"),
    _refused("personalize", "Amazon Personalize", _MODELS),
    _refused("polly", "Amazon Polly", _MODELS),
    _refused("rekognition", "Amazon Rekognition", _MODELS, "rekognition_"),
    _refused("sagemaker", "Amazon SageMaker", _MODELS, "sagemaker_"),
    _refused("sagemakermetrics", "Amazon SageMaker Metrics", _MODELS, model="sagemaker-metrics", signing="sagemaker"),
    _refused("sagemakerruntime", "Amazon SageMaker Runtime", _MODELS, model="sagemaker-runtime", signing="sagemaker"),
    _refused("textract", "Amazon Textract", _MODELS),
    _refused("transcribe", "Amazon Transcribe", _MODELS, "transcribe_"),
    _refused("ivs", "Amazon IVS", _MEDIA, "ivs_", "ivschat_"),
    _refused("kinesisvideo", "Amazon Kinesis Video Streams", _MEDIA, "kinesis_video_"),
    _refused("kinesisvideoarchivedmedia", "Amazon Kinesis Video archives", _MEDIA, model="kinesis-video-archived-media", signing="kinesisvideo"),
    _refused("mediaconnect", "AWS Elemental MediaConnect", _MEDIA),
    _refused("medialive", "AWS Elemental MediaLive", _MEDIA, "medialive_"),
    _refused("mediapackage", "AWS Elemental MediaPackage", _MEDIA, "media_package_"),
    _refused("mediapackagev2", "AWS Elemental MediaPackage v2", _MEDIA, "media_packagev2_"),
    _refused("mediastore", "AWS Elemental MediaStore", _MEDIA, "media_store_"),
    _refused("mediastoredata", "AWS Elemental MediaStore data", _MEDIA, model="mediastore-data", signing="mediastore"),
    _refused("greengrass", "AWS IoT Greengrass", _DEVICES),
    _refused("iot", "AWS IoT", _DEVICES, "iot_"),
    _refused("iotdata", "AWS IoT data plane", _DEVICES, model="iot-data", signing="iotdata"),
    # Monitoring, auditing and accounts.
    _refused("account", "AWS Account Management", _PEOPLE, "account_"),
    _refused("organizations", "AWS Organizations", _PEOPLE, "organizations_"),
    _refused("identitystore", "AWS Identity Store", _PEOPLE, "identitystore_"),
    _refused("ssoadmin", "AWS IAM Identity Center", _PEOPLE, "ssoadmin_", model="sso-admin", signing="sso"),
    _refused("ram", "AWS Resource Access Manager", _PEOPLE, "ram_"),
    _refused("ce", "AWS Cost Explorer", "nothing is spent here; `drydock cost` estimates what a stack costs", "ce_"),
    _refused("config", "AWS Config", _AUDIT, "config_"),
    _refused("guardduty", "Amazon GuardDuty", _AUDIT, "guardduty_"),
    _refused("inspector2", "Amazon Inspector", _AUDIT, "inspector2_", "inspector_"),
    _refused("macie2", "Amazon Macie", _AUDIT, "macie2_"),
    _refused("securityhub", "AWS Security Hub", _AUDIT, "securityhub_"),
    _refused("accessanalyzer", "AWS IAM Access Analyzer", _AUDIT, "accessanalyzer_"),
    _refused("detective", "Amazon Detective", _AUDIT, "detective_"),
    _refused("resiliencehub", "AWS Resilience Hub", _AUDIT, "resiliencehub_"),
    _refused("xray", "AWS X-Ray", f"no trace is kept by it here; send traces to an OpenTelemetry collector, or {_VARIABLE}", "xray_"),
    _refused("fis", "AWS Fault Injection Service", f"no fault is injected by it here; {_VARIABLE}", "fis_"),
    # Building and deploying.
    _refused("codebuild", "AWS CodeBuild", _BUILDS, "codebuild_"),
    _refused("codecommit", "AWS CodeCommit", _BUILDS, "codecommit_"),
    _refused("codedeploy", "AWS CodeDeploy", _BUILDS, "codedeploy_"),
    _refused("codepipeline", "AWS CodePipeline", _BUILDS, "codepipeline"),
    _refused("signer", "AWS Signer", _BUILDS, "signer_"),
    _refused("appconfig", "AWS AppConfig", f"no configuration is deployed by it here; use parameters of Systems Manager, or {_VARIABLE}", "appconfig_"),
    # The rest.
    _refused("acmpca", "AWS Private CA", "no private authority runs here; use certificates of ACM", "acmpca_", model="acm-pca"),
    _refused("cognitoidentity", "Amazon Cognito identity pools", _OTHER, "cognito_identity_pool", model="cognito-identity"),
    _refused("connect", "Amazon Connect", _OTHER, "connect_"),
    _refused("connectcampaigns", "Amazon Connect Campaigns", _OTHER, signing="connect-campaigns"),
    _refused("devopsagent", "AWS DevOps Agent", _OTHER, model="devops-agent", signing="aidevops"),
    _refused("ds", "AWS Directory Service", _OTHER, "directory_service_"),
    _refused("managedblockchain", "Amazon Managed Blockchain", _OTHER),
    _refused("meteringmarketplace", "AWS Marketplace metering", _OTHER, signing="aws-marketplace"),
    _refused("paymentcryptography", "AWS Payment Cryptography", _OTHER, "paymentcryptography_", model="payment-cryptography"),
    _refused("pinpoint", "Amazon Pinpoint", _OTHER, "pinpoint_", signing="mobiletargeting"),
    _refused("support", "AWS Support", _OTHER),
    _refused("workspaces", "Amazon WorkSpaces", _DESKTOPS, "workspaces_"),
    _refused("workspacesweb", "Amazon WorkSpaces Secure Browser", _DESKTOPS, "workspacesweb_", model="workspaces-web"),
)  # fmt: skip


UNKNOWN_TYPES = tuple(
    f"{prefix}_"
    for prefix in [
        "appfabric",
        "appflow",
        "appintegrations",
        "applicationinsights",
        "appstream",
        "auditmanager",
        "autoscalingplans",
        "bcmdataexports",
        "chatbot",
        "chime",
        "chimesdkmediapipelines",
        "chimesdkvoice",
        "cloud9",
        "cloudfrontkeyvaluestore",
        "cloudsearch",
        "codeartifact",
        "codecatalyst",
        "codeconnections",
        "codeguruprofiler",
        "codegurureviewer",
        "codestarconnections",
        "codestarnotifications",
        "computeoptimizer",
        "controltower",
        "costoptimizationhub",
        "cur",
        "customerprofiles",
        "dataexchange",
        "datazone",
        "devicefarm",
        "devopsguru",
        "dlm",
        "drs",
        "ecrpublic",
        "elastictranscoder",
        "evidently",
        "finspace",
        "fms",
        "gamelift",
        "grafana",
        "imagebuilder",
        "internetmonitor",
        "kendra",
        "licensemanager",
        "location",
        "m2",
        "media_convert",
        "mwaa",
        "networkmonitor",
        "notifications",
        "notificationscontacts",
        "oam",
        "pinpointsmsvoicev2",
        "qbusiness",
        "qldb",
        "rbin",
        "resourceexplorer2",
        "rolesanywhere",
        "route53profiles",
        "route53recoverycontrolconfig",
        "route53recoveryreadiness",
        "rum",
        "s3outposts",
        "schemas",
        "securitylake",
        "serverlessapplicationrepository",
        "ssmcontacts",
        "ssmincidents",
        "ssmquicksetup",
        "storagegateway",
        "verifiedaccess",
        "verifiedpermissions",
        "worklink",
    ]
)
"""Prefixes of resource types whose services moto does not have either."""
UNKNOWN_WORDS = f"Drydock's local region does not have this service: {_OTHER}"
