locals {
  prefix     = coalesce(var.prefix, "tasklist")
  production = var.production == "true"
  # An empty one is the profile's.
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

module "network" {
  source = "./modules/network"

  prefix     = local.prefix
  production = local.production
  vpc_id     = var.vpc_id
  cidr       = var.vpc_cidr
  zones      = var.zones
}

module "security" {
  source = "./modules/security"

  prefix         = local.prefix
  vpc_id         = module.network.vpc_id
  container_port = var.container_port
}

module "observability" {
  source = "./modules/observability"

  prefix     = local.prefix
  production = local.production
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
  subnet_ids            = module.network.task_subnet_ids
  security_group_id     = module.security.task_group_id
  assign_public_ip      = module.network.tasks_need_public_ip
  target_group_arn      = module.load_balancer.target_group_arn
  log_group_name        = module.observability.log_group_name

  environment = {
    VTT_DBHOST     = module.database.endpoint
    VTT_DBNAME     = module.database.name
    VTT_DBPORT     = tostring(module.database.port)
    VTT_DBUSER     = module.database.username
    VTT_LISTENHOST = "0.0.0.0"
    VTT_LISTENPORT = tostring(var.container_port)
  }
  secrets = {
    VTT_DBPASSWORD = {
      secret_arn = module.database.secret_arn
      key        = "password"
    }
  }
}
