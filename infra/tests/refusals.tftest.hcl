# Wrong values are refused before anything is planned.

mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = {
      names = ["ap-southeast-2a", "ap-southeast-2b", "ap-southeast-2c"]
    }
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

run "prefix" {
  command = plan
  variables { prefix = "My Shop" }
  expect_failures = [var.prefix]
}

run "prefix_that_a_database_refuses" {
  command = plan
  variables { prefix = "my--shop" }
  expect_failures = [var.prefix]
}

run "prefix_that_a_load_balancer_refuses" {
  command = plan
  variables { prefix = "internal-shop" }
  expect_failures = [var.prefix]
}

run "production" {
  command = plan
  variables { production = "yes" }
  expect_failures = [var.production]
}

run "vpc_id" {
  command = plan
  variables { vpc_id = "my-vpc" }
  expect_failures = [var.vpc_id]
}

run "domain_name" {
  command = plan
  variables { domain_name = "https://example.com/" }
  expect_failures = [var.domain_name]
}

run "certificate_arn" {
  command = plan
  variables { certificate_arn = "certificate" }
  expect_failures = [var.certificate_arn]
}

run "health_check_path" {
  command = plan
  variables { container = { health_check_path = "healthcheck" } }
  expect_failures = [var.container]
}

run "fargate_size" {
  command = plan
  variables { service = { cpu = 256, memory = 4096 } }
  expect_failures = [var.service]
}

run "fargate_memory_above_30_gib" {
  command = plan
  variables { service = { cpu = 4096, memory = 32768 } }
  expect_failures = [var.service]
}

run "fargate_memory_in_steps_of_4_gib" {
  command = plan
  variables { service = { cpu = 8192, memory = 17408 } }
  expect_failures = [var.service]
}

run "fargate_memory_in_steps_of_8_gib" {
  command = plan
  variables { service = { cpu = 16384, memory = 36864 } }
  expect_failures = [var.service]
}

run "postgresql_version" {
  command = plan
  variables { postgresql_version = "latest" }
  expect_failures = [var.postgresql_version]
}

run "postgresql_password" {
  command = plan
  variables { postgresql_password = "with/slash" }
  expect_failures = [var.postgresql_password]
}

run "container_port" {
  command = plan
  variables { container = { port = 70000 } }
  expect_failures = [var.container]
}

run "egress" {
  command = plan
  variables { network = { egress = "internet" } }
  expect_failures = [var.network]
}

run "subnets_without_their_vpc" {
  command = plan
  variables { network = { task_subnet_ids = ["subnet-0123456789abcdef0"] } }
  expect_failures = [var.network]
}

run "a_secret_itself" {
  command = plan
  variables { secrets = { API_KEY = "hunter2" } }
  expect_failures = [var.secrets]
}

run "scaling_bounds" {
  command = plan
  variables { service = { scaling_min = 4, scaling_max = 3 } }
  expect_failures = [var.service]
}

run "capacity_bounds" {
  command = plan
  variables { database = { min_capacity = 4, max_capacity = 1 } }
  expect_failures = [var.database]
}

run "capacity_above_the_profiles_most" {
  command = plan
  variables { database = { min_capacity = 4 } }
  expect_failures = [var.database]
}

run "a_version_that_cannot_pause" {
  command = plan
  variables { postgresql_version = "16.1" }
  expect_failures = [var.database]
}

run "a_shell_in_a_read_only_container" {
  command = plan
  variables {
    production = true
    container  = { execute_command = true }
  }
  expect_failures = [var.container]
}

run "log_retention" {
  command = plan
  variables { monitoring = { log_retention_days = 31 } }
  expect_failures = [var.monitoring]
}
