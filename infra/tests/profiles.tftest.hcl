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
    condition     = length(module.alarms) + length(module.firewall) + length(module.backup) + length(module.delivery) == 0
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
    desired_count = 1
  }

  assert {
    condition     = module.service.scaling.min == 1 && module.service.scaling.max == 6
    error_message = "Scaling does not start more tasks than were asked for."
  }
}

run "many_tasks_stay_many" {
  command = plan

  variables {
    desired_count = 8
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
    region                    = ""
    production                = ""
    deletion_protection       = ""
    final_snapshot            = ""
    vpc_id                    = ""
    domain_name               = ""
    host_name                 = ""
    certificate_arn           = ""
    container_image           = ""
    health_check_path         = ""
    postgresql_version        = ""
    postgresql_instance_class = ""
    postgresql_password       = ""
  }

  assert {
    condition     = output.prefix == "tasklist" && output.app_dns_name == null && output.standalone_task_public_ip
    error_message = "Empty strings give the defaults."
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
    condition     = length(module.alarms) == 1 && length(module.firewall) == 1 && length(module.backup) == 1 && length(module.delivery) == 1
    error_message = "Alarms, firewall, vault and repository."
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
    production          = true
    deletion_protection = "false"
    final_snapshot      = "false"
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
    deletion_protection = "true"
    final_snapshot      = "true"
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
    condition     = module.load_balancer.listener_ports == tolist([80, 443])
    error_message = "With a domain a certificate is requested, so there is port 443."
  }
}

run "domain_and_certificate" {
  command = plan

  variables {
    domain_name     = "example.com"
    host_name       = "www"
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
    egress          = "endpoints"
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
    private_tasks             = true
    egress                    = "endpoints"
    execute_command           = true
    read_only_root_filesystem = false
    container_image           = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/shop:1.0"
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
    egress          = "endpoints"
    container_image = "tasklist:latest"
  }

  expect_failures = [output.repository_url]
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
    production            = true
    scaling               = false
    redeploy_on_rotation  = false
    alarms                = false
    firewall              = false
    backup_vault          = false
    repository            = false
    customer_keys         = false
    database_instances    = 1
    database_min_capacity = 0
    log_retention_days    = 90
    private_tasks         = false
  }

  assert {
    condition     = module.service.scaling == null && !module.service.redeploys_on_rotation && length(module.alarms) + length(module.firewall) + length(module.backup) + length(module.delivery) == 0
    error_message = "Each part can be left out."
  }
  assert {
    condition     = module.database.instance_count == 1 && module.database.minimum_capacity == 0 && module.observability.retention_in_days == 90
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
    container_image    = "ghcr.io/example/shop:2.1"
    container_port     = 8080
    container_command  = []
    migrate_command    = ["npm", "run", "migrate"]
    health_check_path  = "/up"
    environment        = { LOG_LEVEL = "info" }
    secrets            = { API_KEY = "arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:shop-AbCdEf:key::" }
    database_variables = { host = "PGHOST", port = "PGPORT", name = "PGDATABASE", user = "PGUSER", password = "PGPASSWORD", listen_host = "", listen_port = "PORT" }
  }

  assert {
    condition     = output.migrate_command == jsonencode(["npm", "run", "migrate"])
    error_message = "The migration is the image's own."
  }
  assert {
    condition     = module.service.environment_names == tolist(["LOG_LEVEL", "PGDATABASE", "PGHOST", "PGPORT", "PGUSER", "PORT"]) && module.service.secret_names == tolist(["API_KEY", "PGPASSWORD"])
    error_message = "The container is told of the database by the names that it knows."
  }
}
