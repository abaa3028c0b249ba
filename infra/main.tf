locals {
  prefix     = coalesce(var.prefix, "tasklist")
  production = var.production == "true"
  # What is not set is the profile's.
  private               = coalesce(var.private_tasks, local.production)
  egress                = coalesce(var.egress, "nat")
  uses_endpoints        = local.private && local.egress == "endpoints"
  retention             = coalesce(var.log_retention_days, local.production ? 365 : 30)
  has_alarms            = coalesce(var.alarms, local.production)
  has_firewall          = coalesce(var.firewall, local.production)
  has_backup_vault      = coalesce(var.backup_vault, local.production)
  has_repository        = coalesce(var.repository, local.production)
  redeploys_on_rotation = var.redeploy_on_rotation && nonsensitive(var.postgresql_password == "")

  # A service of one task, or of none, stays so until it has more to do.
  scaling_min = coalesce(var.scaling_min, min(2, var.desired_count))
  scaling_max = coalesce(var.scaling_max, max(6, var.desired_count, local.scaling_min))

  deletion_protection = coalesce(var.deletion_protection, tostring(local.production)) == "true"
  final_snapshot      = coalesce(var.final_snapshot, tostring(local.production)) == "true"

  container_image   = coalesce(var.container_image, "tasklist:latest")
  health_check_path = coalesce(var.health_check_path, "/healthcheck/")

  has_domain = var.domain_name != ""
  host_name  = coalesce(var.host_name, local.prefix)
  app_name   = local.has_domain ? "${local.host_name}.${var.domain_name}" : null
  # Known before anything is made, unlike the certificate itself.
  has_certificate = local.has_domain || var.certificate_arn != ""
}

module "encryption" {
  source = "./modules/encryption"

  prefix  = local.prefix
  enabled = coalesce(var.customer_keys, local.production)
}

module "network" {
  source = "./modules/network"

  prefix  = local.prefix
  private = local.private
  egress  = local.egress
  vpc_id  = var.vpc_id
  cidr    = var.vpc_cidr
  zones   = var.zones

  flow_logs         = coalesce(var.flow_logs, local.production)
  retention_in_days = local.retention
  logs_key_arn      = module.encryption.logs_key_arn
}

module "security" {
  source = "./modules/security"

  prefix         = local.prefix
  vpc_id         = module.network.vpc_id
  container_port = var.container_port
}

module "endpoints" {
  source = "./modules/endpoints"

  prefix          = local.prefix
  enabled         = local.uses_endpoints
  execute_command = var.execute_command
  vpc_id          = module.network.vpc_id
  vpc_cidr        = module.network.vpc_cidr
  subnet_ids      = module.network.task_subnet_ids
  route_table_ids = module.network.task_route_table_ids
}

module "observability" {
  source = "./modules/observability"

  prefix            = local.prefix
  retention_in_days = local.retention
  logs_key_arn      = module.encryption.logs_key_arn
}

module "certificate_and_dns" {
  source = "./modules/certificate_and_dns"
  count  = local.has_domain ? 1 : 0

  domain_name            = var.domain_name
  app_name               = local.app_name
  certificate_arn        = var.certificate_arn
  load_balancer_dns_name = module.load_balancer.dns_name
}

module "load_balancer" {
  source = "./modules/load_balancer"

  prefix              = local.prefix
  deletion_protection = local.deletion_protection
  vpc_id              = module.network.vpc_id
  subnet_ids          = module.network.public_subnet_ids
  security_group_id   = module.security.load_balancer_group_id
  container_port      = var.container_port
  health_check_path   = local.health_check_path
  has_certificate     = local.has_certificate
  access_logs         = coalesce(var.access_logs, local.production)
  retention_in_days   = local.retention
  certificate_arn     = local.has_domain ? module.certificate_and_dns[0].certificate_arn : var.certificate_arn
}

module "database" {
  source = "./modules/database"

  prefix            = local.prefix
  production        = local.production
  subnet_ids        = module.network.database_subnet_ids
  security_group_id = module.security.database_group_id
  engine_version    = coalesce(var.postgresql_version, "16")
  instance_class    = coalesce(var.postgresql_instance_class, "db.serverless")
  password          = var.postgresql_password

  deletion_protection = local.deletion_protection
  final_snapshot      = local.final_snapshot

  instance_count        = coalesce(var.database_instances, local.production ? 2 : 1)
  min_capacity          = coalesce(var.database_min_capacity, local.production ? 0.5 : 0)
  max_capacity          = coalesce(var.database_max_capacity, local.production ? 8 : 2)
  backup_retention_days = var.backup_retention_days
  require_tls           = var.require_database_tls
  retention_in_days     = local.retention
  logs_key_arn          = module.encryption.logs_key_arn
  secrets_key_arn       = module.encryption.secrets_key_arn
  database_key_arn      = module.encryption.database_key_arn
}

module "service" {
  source = "./modules/service"

  prefix                = local.prefix
  production            = local.production
  image                 = local.container_image
  container_port        = var.container_port
  cpu                   = var.cpu
  memory                = var.memory
  desired_count         = var.desired_count
  wait_for_steady_state = var.wait_for_steady_state
  subnet_ids            = module.endpoints.subnet_ids
  security_group_id     = module.security.task_group_id
  assign_public_ip      = module.network.tasks_need_public_ip
  target_group_arn      = module.load_balancer.target_group_arn
  log_group_name        = module.observability.log_group_name

  command                   = var.container_command
  read_only_root_filesystem = coalesce(var.read_only_root_filesystem, local.production)
  writable_paths            = var.writable_paths
  execute_command           = var.execute_command
  scaling                   = var.scaling
  scaling_min               = local.scaling_min
  scaling_max               = local.scaling_max
  redeploy_on_rotation      = local.redeploys_on_rotation
  rotating_secret_arns      = [module.database.secret_arn]
  secrets_key_arns          = concat(module.encryption.secrets_key_arn[*], var.secrets_key_arns)

  environment = merge({
    for name, value in {
      (var.database_variables.host)        = module.database.endpoint
      (var.database_variables.name)        = module.database.name
      (var.database_variables.port)        = tostring(module.database.port)
      (var.database_variables.user)        = module.database.username
      (var.database_variables.listen_host) = "0.0.0.0"
      (var.database_variables.listen_port) = tostring(var.container_port)
    } : name => value if name != ""
  }, var.environment)
  secrets = merge(
    var.database_variables.password == "" ? {} : {
      (var.database_variables.password) = { secret_arn = module.database.secret_arn, key = "password" }
    },
    {
      for name, arn in var.secrets : name => {
        secret_arn = join(":", slice(split(":", arn), 0, 7))
        key        = try(split(":", arn)[7], "")
      }
    },
  )
}

module "firewall" {
  source = "./modules/firewall"
  count  = local.has_firewall ? 1 : 0

  prefix            = local.prefix
  load_balancer_arn = module.load_balancer.arn
  rate_limit        = var.rate_limit
  retention_in_days = local.retention
  logs_key_arn      = module.encryption.logs_key_arn
}

module "alarms" {
  source = "./modules/alarms"
  count  = local.has_alarms ? 1 : 0

  prefix               = local.prefix
  key_arn              = module.encryption.logs_key_arn
  email                = var.alarm_email
  load_balancer_suffix = module.load_balancer.arn_suffix
  target_group_suffix  = module.load_balancer.target_group_suffix
  cluster_name         = module.service.cluster_name
  service_name         = module.service.service_name
  database_id          = module.database.cluster_identifier
}

module "backup" {
  source = "./modules/backup"
  count  = local.has_backup_vault ? 1 : 0

  prefix        = local.prefix
  cluster_arn   = module.database.cluster_arn
  key_arn       = module.encryption.database_key_arn
  keep_days     = 35
  force_destroy = !local.deletion_protection
}

module "delivery" {
  source = "./modules/delivery"
  count  = local.has_repository ? 1 : 0

  prefix       = local.prefix
  force_delete = !local.deletion_protection
}
