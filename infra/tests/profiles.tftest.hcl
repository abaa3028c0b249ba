# Plans of every profile and combination; no account is needed.

mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = {
      names = ["ap-southeast-2a", "ap-southeast-2b", "ap-southeast-2c"]
    }
  }
  mock_data "aws_region" {
    defaults = { id = "ap-southeast-2" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

run "nothing_set" {
  command = plan

  assert {
    condition     = output.prefix == "tasklist" && output.ecs_cluster_name == "tasklist-app" && output.ecs_service_name == "app"
    error_message = "The names follow the prefix."
  }
  assert {
    condition     = output.app_dns_name == null
    error_message = "Without a domain the site has no name of its own."
  }
  assert {
    condition     = output.log_group == "/ecs/tasklist" && module.observability.retention_in_days == 30
    error_message = "Logs are kept for 30 days."
  }
  assert {
    condition     = output.standalone_task_public_ip
    error_message = "Without a NAT gateway a task needs a public address."
  }
  assert {
    condition     = module.network.nat_gateway_count == 0
    error_message = "NAT gateways cost money by the hour."
  }
  assert {
    condition     = module.load_balancer.listener_ports == tolist([80])
    error_message = "Without a certificate there is port 80 alone."
  }
  assert {
    condition     = module.database.instance_count == 1 && module.database.minimum_capacity == 0
    error_message = "One database instance that pauses."
  }
  assert {
    condition     = !module.database.is_protected && !module.database.has_final_snapshot && !module.load_balancer.is_protected
    error_message = "Nothing stands in the way of a destroy."
  }
  assert {
    condition     = length(module.alarms) + length(module.firewall) + length(module.backup) == 0
    error_message = "What costs, or what nobody looks at, is production's."
  }
  assert {
    condition     = module.service.scaling.min == 2 && module.service.scaling.max == 6
    error_message = "The service scales from 2 to 6 tasks."
  }
  assert {
    condition     = module.service.redeploys_on_rotation
    error_message = "Tasks follow the password that RDS rotates."
  }
}

run "one_task_stays_one" {
  command = plan

  variables {
    service = { desired_count = 1 }
  }

  assert {
    condition     = module.service.scaling.min == 1 && module.service.scaling.max == 6
    error_message = "Scaling does not start more tasks than were asked for."
  }
}

run "many_tasks_stay_many" {
  command = plan

  variables {
    service = { desired_count = 8 }
  }

  assert {
    condition     = module.service.scaling.min == 2 && module.service.scaling.max == 8
    error_message = "Scaling does not stop tasks that were asked for."
  }
}

run "empty_strings_mean_not_set" {
  command = plan

  variables {
    prefix                    = ""
    production                = ""
    vpc_id                    = ""
    domain_name               = ""
    certificate_arn           = ""
    container_image           = ""
    postgresql_version        = ""
    postgresql_instance_class = ""
    postgresql_password       = ""
    network                   = { egress = "" }
    dns                       = { host_name = "", record = "" }
    container                 = { health_check_path = "" }
    monitoring                = { alarm_email = "" }
  }

  assert {
    condition     = output.prefix == "tasklist" && output.app_dns_name == null && output.standalone_task_public_ip
    error_message = "Empty strings give the defaults."
  }
  assert {
    condition     = module.load_balancer.health_check_path == "/healthcheck/live"
    error_message = "And so does one within an object."
  }
}

run "null_means_not_set" {
  command = plan

  variables {
    network    = null
    dns        = null
    container  = null
    service    = null
    database   = { instances = null, min_capacity = null }
    protection = { deletion_protection = null }
    monitoring = { alarms = null }
  }

  assert {
    condition     = module.database.instance_count == 1 && module.database.minimum_capacity == 0 && length(module.alarms) == 0
    error_message = "Null gives the defaults."
  }
}

run "what_may_pause_is_not_kept_awake_by_its_health_check" {
  command = plan

  assert {
    condition     = module.database.minimum_capacity == 0 && module.load_balancer.health_check_path == "/healthcheck/live"
    error_message = "/healthcheck/ asks the database every 15 s."
  }
}

run "what_does_not_pause_is_checked_with_its_database" {
  command = plan

  variables {
    database = { min_capacity = 0.5 }
  }

  assert {
    condition     = module.load_balancer.health_check_path == "/healthcheck/"
    error_message = "A task without its database cannot serve."
  }
}

run "the_original_application_has_one_health_check" {
  command = plan

  variables {
    container_image = "servian/techchallengeapp:latest"
  }

  assert {
    condition     = module.load_balancer.health_check_path == "/healthcheck/"
    error_message = "It has no /healthcheck/live."
  }
}

run "production" {
  command = plan

  variables {
    production = true
    prefix     = "shop"
  }

  assert {
    condition     = output.ecs_cluster_name == "shop-app" && !output.standalone_task_public_ip
    error_message = "Tasks have no public address in production."
  }
  assert {
    condition     = module.network.nat_gateway_count == 2
    error_message = "A NAT gateway per zone."
  }
  assert {
    condition     = module.service.scaling.min == 2 && module.service.scaling.max == 6
    error_message = "The service scales from 2 to 6 tasks."
  }
  assert {
    condition     = length(module.alarms) == 1 && length(module.firewall) == 1 && length(module.backup) == 1
    error_message = "Alarms, firewall and vault."
  }
  assert {
    condition     = length(module.endpoints.services) == 0
    error_message = "NAT gateways need no endpoints."
  }
  assert {
    condition     = module.database.instance_count == 2 && module.database.minimum_capacity == 0.5
    error_message = "Two database instances that do not pause."
  }
  assert {
    condition     = !module.database.applies_at_once && module.load_balancer.health_check_path == "/healthcheck/"
    error_message = "What restarts the database waits for its maintenance window."
  }
  assert {
    condition     = jsonencode(module.service.role_names) == jsonencode(["shop-ap-southeast-2-execution", "shop-ap-southeast-2-task"])
    error_message = "Roles are one to an account, so their names have the region."
  }
  assert {
    condition     = module.observability.retention_in_days == 365
    error_message = "Logs are kept for a year."
  }
  assert {
    condition     = module.database.is_protected && module.database.has_final_snapshot && module.load_balancer.is_protected
    error_message = "Production is protected from deletion."
  }
}

run "production_about_to_be_destroyed" {
  command = plan

  variables {
    production = true
    protection = { deletion_protection = false, final_snapshot = false }
  }

  assert {
    condition     = !module.database.is_protected && !module.database.has_final_snapshot && !module.load_balancer.is_protected
    error_message = "Each protection can be turned off alone."
  }
  assert {
    condition     = module.database.instance_count == 2
    error_message = "Everything else stays as it is in production."
  }
}

run "protected_all_the_same" {
  command = plan

  variables {
    protection = { deletion_protection = true, final_snapshot = true }
  }

  assert {
    condition     = module.database.is_protected && module.database.has_final_snapshot && module.load_balancer.is_protected
    error_message = "Each protection can be turned on alone."
  }
}

run "password" {
  command = plan

  variables {
    postgresql_password = "correct-horse-battery"
  }

  assert {
    condition     = module.database.password_is_given
    error_message = "A password that is given is used."
  }
  assert {
    condition     = !module.service.redeploys_on_rotation
    error_message = "A password that is given does not rotate."
  }
}

run "domain" {
  command = plan

  variables {
    domain_name = "example.com"
  }

  override_data {
    target = module.certificate_and_dns[0].data.aws_route53_zone.this
    values = { zone_id = "Z0123456789" }
  }
  override_resource {
    target          = module.certificate_and_dns[0].aws_acm_certificate.this
    override_during = plan
    values = {
      arn                       = "arn:aws:acm:ap-southeast-2:123456789012:certificate/one"
      domain_validation_options = [{ domain_name = "tasklist.example.com", resource_record_name = "_x.tasklist.example.com.", resource_record_type = "CNAME", resource_record_value = "_y.acm-validations.aws." }]
    }
  }

  assert {
    condition     = output.app_dns_name == "tasklist.example.com" && output.app_url == "https://tasklist.example.com"
    error_message = "The host's name is the prefix, and the site is served over HTTPS."
  }
  assert {
    condition     = module.certificate_and_dns[0].record_type == "A"
    error_message = "In a zone of Route 53 an alias leads to a load balancer."
  }
  assert {
    condition     = module.load_balancer.listener_ports == tolist([80, 443])
    error_message = "With a domain a certificate is requested, so there is port 443."
  }
}

run "domain_with_a_cname" {
  command = plan

  variables {
    domain_name     = "example.com"
    dns             = { record = "cname" }
    certificate_arn = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
  }

  assert {
    condition     = module.certificate_and_dns[0].record_type == "CNAME"
    error_message = "The record of the stack that this one continues."
  }
}

run "domain_and_certificate" {
  command = plan

  variables {
    domain_name     = "example.com"
    dns             = { host_name = "www" }
    certificate_arn = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
  }

  assert {
    condition     = output.app_url == "https://www.example.com"
    error_message = "host_name names the host."
  }
  assert {
    condition     = module.certificate_and_dns[0].certificate_arn == var.certificate_arn
    error_message = "A certificate that is given is used, and none is requested."
  }
}

run "certificate_without_domain" {
  command = plan

  variables {
    certificate_arn = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
  }

  assert {
    condition     = output.app_dns_name == null && module.load_balancer.listener_ports == tolist([80, 443])
    error_message = "A certificate alone gives HTTPS at the load balancer's own name."
  }
}

run "provisioned_database" {
  command = plan

  variables {
    postgresql_instance_class = "db.t4g.medium"
    postgresql_version        = "16.8"
  }

  assert {
    condition     = module.database.minimum_capacity == null
    error_message = "Only db.serverless has a capacity."
  }
}

run "production_with_endpoints" {
  command = plan

  variables {
    production      = true
    network         = { egress = "endpoints" }
    container_image = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/shop:1.0"
  }

  assert {
    condition     = module.network.nat_gateway_count == 0
    error_message = "Endpoints take the place of NAT gateways."
  }
  assert {
    condition     = join(" ", module.endpoints.services) == "ecr.api ecr.dkr logs s3 secretsmanager"
    error_message = "All that a private task needs to start, and no more."
  }
}

run "endpoints_and_a_shell" {
  command = plan

  variables {
    network         = { private_tasks = true, egress = "endpoints" }
    container       = { execute_command = true, read_only_root_filesystem = false }
    container_image = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/shop:1.0"
  }

  assert {
    condition     = contains(module.endpoints.services, "ssmmessages") && !output.standalone_task_public_ip
    error_message = "ECS Exec has an endpoint of its own; tasks can be private without production."
  }
}

run "endpoints_do_not_lead_to_docker_hub" {
  command = plan

  variables {
    production      = true
    network         = { egress = "endpoints" }
    container_image = "tasklist:latest"
  }

  expect_failures = [var.container_image]
}

run "production_with_domain_certificate_and_password" {
  command = plan

  variables {
    production          = true
    domain_name         = "example.com"
    certificate_arn     = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a1b2c3d"
    postgresql_password = "correct-horse-battery"
  }

  assert {
    condition     = output.app_url == "https://tasklist.example.com" && module.database.password_is_given && module.database.instance_count == 2
    error_message = "The switches do not depend on each other."
  }
}

run "each_setting_alone" {
  command = plan

  variables {
    production = true
    network    = { private_tasks = false }
    service    = { scaling = false }
    database   = { redeploy_on_rotation = false, instances = 1, min_capacity = 0, apply_immediately = true }
    protection = { firewall = false, backup_vault = false, customer_keys = false }
    monitoring = { alarms = false, log_retention_days = 90 }
  }

  assert {
    condition     = module.service.scaling == null && !module.service.redeploys_on_rotation && length(module.alarms) + length(module.firewall) + length(module.backup) == 0
    error_message = "Each part can be left out."
  }
  assert {
    condition     = module.database.instance_count == 1 && module.database.minimum_capacity == 0 && module.observability.retention_in_days == 90 && module.database.applies_at_once
    error_message = "Each number can be set."
  }
  assert {
    condition     = module.encryption.logs_key_arn == null && output.standalone_task_public_ip
    error_message = "AWS's own keys, and public addresses."
  }
}

run "an_image_of_ones_own" {
  command = plan

  variables {
    container_image = "ghcr.io/example/shop:2.1"
    environment     = { LOG_LEVEL = "info" }
    secrets         = { API_KEY = "arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:shop-AbCdEf:key::" }
    container = {
      port               = 8080
      command            = []
      migrate_command    = ["npm", "run", "migrate"]
      health_check_path  = "/up"
      database_variables = { host = "PGHOST", port = "PGPORT", name = "PGDATABASE", user = "PGUSER", password = "PGPASSWORD", listen_host = "", listen_port = "PORT" }
    }
  }

  assert {
    condition     = output.migrate_command == jsonencode(["npm", "run", "migrate"])
    error_message = "The migration is the image's own."
  }
  assert {
    condition     = module.service.environment_names == tolist(["LOG_LEVEL", "PGDATABASE", "PGHOST", "PGPORT", "PGUSER", "PORT"]) && module.service.secret_names == tolist(["API_KEY", "PGPASSWORD"])
    error_message = "The container hears of the database by the names that it knows."
  }
}

# A policy with a statement that names no resource is malformed, and AWS says so in the middle of an apply.
run "a_container_without_any_secret" {
  command = plan

  variables {
    container = { database_variables = { password = "" } }
  }

  assert {
    condition     = length(module.service.secret_names) == 0 && !module.service.reads_secrets
    error_message = "Without secrets there is no policy to read them."
  }
}

run "alarms_without_keys_of_ones_own" {
  command = plan

  variables {
    monitoring = { alarms = true }
  }

  assert {
    condition     = contains(module.alarms[0].own_key_users, "cloudwatch.amazonaws.com") && contains(module.alarms[0].own_key_users, "events.amazonaws.com")
    error_message = "The topic's key is one that CloudWatch may use; alias/aws/sns is none."
  }
  assert {
    condition     = contains(module.alarms[0].names, "tasklist-redeployment-failed") && contains(module.alarms[0].names, "tasklist-deployment-failed")
    error_message = "A redeployment that fails is told of."
  }
}

run "alarms_with_keys_of_ones_own" {
  command = plan

  variables {
    production = true
  }

  assert {
    condition     = length(module.alarms[0].own_key_users) == 0 && contains(module.alarms[0].names, "tasklist-backup-failed")
    error_message = "The key of logs and alarms serves, and a backup that fails is told of."
  }
}

run "a_major_upgrade" {
  command = plan

  variables {
    production         = true
    postgresql_version = "17"
  }

  assert {
    condition     = module.database.takes_major_upgrades && module.database.parameter_family == "aurora-postgresql17"
    error_message = "AWS takes a newer major version only if it is allowed to, with a parameter group of its family."
  }
}

run "the_longest_prefix" {
  command = plan

  variables {
    prefix     = "a23456789-123456789-1234"
    production = true
  }

  assert {
    condition     = output.ecs_cluster_name == "a23456789-123456789-1234-app" && length(module.service.role_names[0]) <= 64
    error_message = "No name is too long: the provider looks at the lengths of most of them in a plan."
  }
}
