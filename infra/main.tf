locals {
  prefix     = coalesce(var.prefix, "tasklist")
  tags       = merge(var.tags, { Application = local.prefix, ManagedBy = "terraform" })
  production = var.production == "true"
  # What is not set is the profile's.
  private               = coalesce(var.network.private_tasks, local.production)
  egress                = coalesce(var.network.egress, "nat")
  uses_endpoints        = local.private && local.egress == "endpoints"
  retention             = coalesce(var.monitoring.log_retention_days, local.production ? 365 : 30)
  has_alarms            = coalesce(var.monitoring.alarms, local.production)
  has_firewall          = coalesce(var.protection.firewall, local.production)
  has_backup_vault      = coalesce(var.protection.backup_vault, local.production)
  has_keys              = coalesce(var.protection.customer_keys, local.production)
  redeploys_on_rotation = var.database.redeploy_on_rotation && nonsensitive(var.postgresql_password == "")

  # A service of one task, or of none, stays so until it has more to do.
  scaling_min = coalesce(var.service.scaling_min, min(2, var.service.desired_count))
  scaling_max = coalesce(var.service.scaling_max, max(6, var.service.desired_count, local.scaling_min))

  deletion_protection = coalesce(var.protection.deletion_protection, local.production)
  final_snapshot      = coalesce(var.protection.final_snapshot, local.production)

  instance_class = coalesce(var.postgresql_instance_class, "db.serverless")
  min_capacity   = coalesce(var.database.min_capacity, local.production ? 0.5 : 0)
  pauses         = local.instance_class == "db.serverless" && local.min_capacity == 0

  container_image = coalesce(var.container_image, "tasklist:latest")
  # A check that asks the database, from every node each 15 s, would never let it pause. The original
  # TechChallengeApp has no other.
  health_check_path = try(
    coalesce(var.container.health_check_path),
    local.pauses && !strcontains(local.container_image, "techchallengeapp") ? "/healthcheck/live" : "/healthcheck/",
  )

  has_domain = var.domain_name != ""
  host_name  = coalesce(var.dns.host_name, local.prefix)
  app_name   = local.has_domain ? "${local.host_name}.${var.domain_name}" : null
  # Known before anything is made, unlike the certificate itself.
  has_certificate = local.has_domain || var.certificate_arn != ""
}

module "encryption" {
  source = "./modules/encryption"

  prefix  = local.prefix
  tags    = local.tags
  enabled = local.has_keys
}

module "network" {
  source = "./modules/network"

  prefix     = local.prefix
  tags       = local.tags
  private    = local.private
  egress     = local.egress
  vpc_id     = var.vpc_id
  cidr       = var.network.cidr
  zones      = var.network.zones
  zone_names = var.network.availability_zones

  public_subnet_ids   = var.network.public_subnet_ids
  task_subnet_ids     = var.network.task_subnet_ids
  database_subnet_ids = var.network.database_subnet_ids

  flow_logs         = coalesce(var.monitoring.flow_logs, local.production)
  retention_in_days = local.retention
  logs_key_arn      = module.encryption.logs_key_arn
}

module "security" {
  source = "./modules/security"

  prefix         = local.prefix
  tags           = local.tags
  vpc_id         = module.network.vpc_id
  container_port = var.container.port
}

module "endpoints" {
  source = "./modules/endpoints"

  prefix          = local.prefix
  tags            = local.tags
  enabled         = local.uses_endpoints
  execute_command = var.container.execute_command
  vpc_id          = module.network.vpc_id
  vpc_cidr        = module.network.vpc_cidr
  subnet_ids      = module.network.task_subnet_ids
  route_table_ids = module.network.task_route_table_ids
}

module "observability" {
  source = "./modules/observability"

  prefix            = local.prefix
  tags              = local.tags
  retention_in_days = local.retention
  logs_key_arn      = module.encryption.logs_key_arn
}

module "certificate_and_dns" {
  source = "./modules/certificate_and_dns"
  count  = local.has_domain ? 1 : 0

  tags                   = local.tags
  domain_name            = var.domain_name
  app_name               = local.app_name
  certificate_arn        = var.certificate_arn
  load_balancer_dns_name = module.load_balancer.dns_name
  load_balancer_zone_id  = module.load_balancer.zone_id
  record                 = coalesce(var.dns.record, "alias")
}

module "load_balancer" {
  source = "./modules/load_balancer"

  prefix              = local.prefix
  tags                = local.tags
  deletion_protection = local.deletion_protection
  vpc_id              = module.network.vpc_id
  subnet_ids          = module.network.public_subnet_ids
  security_group_id   = module.security.load_balancer_group_id
  container_port      = var.container.port
  health_check_path   = local.health_check_path
  has_certificate     = local.has_certificate
  access_logs         = coalesce(var.monitoring.access_logs, local.production)
  retention_in_days   = local.retention
  certificate_arn     = local.has_domain ? module.certificate_and_dns[0].certificate_arn : var.certificate_arn
}

module "database" {
  source = "./modules/database"

  prefix            = local.prefix
  tags              = local.tags
  production        = local.production
  subnet_ids        = module.network.database_subnet_ids
  security_group_id = module.security.database_group_id
  engine_version    = coalesce(var.postgresql_version, "16")
  instance_class    = local.instance_class
  password          = var.postgresql_password

  deletion_protection = local.deletion_protection
  final_snapshot      = local.final_snapshot

  instance_count        = coalesce(var.database.instances, local.production ? 2 : 1)
  min_capacity          = local.min_capacity
  max_capacity          = coalesce(var.database.max_capacity, local.production ? 8 : 2)
  backup_retention_days = var.database.backup_retention_days
  apply_immediately     = coalesce(var.database.apply_immediately, !local.production)
  extended_support      = var.database.extended_support
  require_tls           = var.database.require_tls
  retention_in_days     = local.retention
  logs_key_arn          = module.encryption.logs_key_arn
  secrets_key_arn       = module.encryption.secrets_key_arn
  database_key_arn      = module.encryption.database_key_arn
}

module "service" {
  source = "./modules/service"

  prefix                = local.prefix
  tags                  = local.tags
  production            = local.production
  image                 = local.container_image
  container_port        = var.container.port
  cpu                   = var.service.cpu
  memory                = var.service.memory
  desired_count         = var.service.desired_count
  wait_for_steady_state = var.service.wait_for_steady_state
  subnet_ids            = module.endpoints.subnet_ids
  security_group_id     = module.security.task_group_id
  assign_public_ip      = module.network.tasks_need_public_ip
  target_group_arn      = module.load_balancer.target_group_arn
  log_group_name        = module.observability.log_group_name

  command                   = var.container.command
  read_only_root_filesystem = coalesce(var.container.read_only_root_filesystem, local.production)
  writable_paths            = var.container.writable_paths
  execute_command           = var.container.execute_command
  scaling                   = var.service.scaling
  scaling_min               = local.scaling_min
  scaling_max               = local.scaling_max
  redeploy_on_rotation      = local.redeploys_on_rotation
  rotating_secret_arns      = [module.database.secret_arn]
  secrets_key_arns          = concat(module.encryption.secrets_key_arn[*], var.container.secrets_key_arns)

  environment = merge({
    for name, value in {
      (var.container.database_variables.host)        = module.database.endpoint
      (var.container.database_variables.name)        = module.database.name
      (var.container.database_variables.port)        = tostring(module.database.port)
      (var.container.database_variables.user)        = module.database.username
      (var.container.database_variables.listen_host) = "0.0.0.0"
      (var.container.database_variables.listen_port) = tostring(var.container.port)
    } : name => value if name != ""
  }, var.environment)
  secret_versions = {
    for name, version in { (var.container.database_variables.password) = module.database.password_version } :
    name => version if name != "" && module.database.password_is_given
  }
  secrets = merge(
    var.container.database_variables.password == "" ? {} : {
      (var.container.database_variables.password) = { secret_arn = module.database.secret_arn, key = "password" }
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
  tags              = local.tags
  load_balancer_arn = module.load_balancer.arn
  rate_limit        = var.protection.rate_limit
  retention_in_days = local.retention
  logs_key_arn      = module.encryption.logs_key_arn
}

module "alarms" {
  source = "./modules/alarms"
  count  = local.has_alarms ? 1 : 0

  prefix                = local.prefix
  tags                  = local.tags
  has_key               = local.has_keys
  key_arn               = module.encryption.logs_key_arn
  email                 = var.monitoring.alarm_email
  watches_backups       = local.has_backup_vault
  watches_redeployments = local.redeploys_on_rotation
  state_machine_arn     = module.service.state_machine_arn
  service_arn           = module.service.service_arn
  load_balancer_suffix  = module.load_balancer.arn_suffix
  target_group_suffix   = module.load_balancer.target_group_suffix
  cluster_name          = module.service.cluster_name
  service_name          = module.service.service_name
  database_id           = module.database.cluster_identifier
}

module "backup" {
  source = "./modules/backup"
  count  = local.has_backup_vault ? 1 : 0

  prefix        = local.prefix
  tags          = local.tags
  cluster_arn   = module.database.cluster_arn
  key_arn       = module.encryption.database_key_arn
  keep_days     = 35
  force_destroy = !local.deletion_protection
}

# The repository is a stack of its own, infra/repository: it has to be there before the image that this
# one runs. One that was made here stays.
removed {
  from = module.delivery

  lifecycle {
    destroy = false
  }
}
