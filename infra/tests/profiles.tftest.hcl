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
