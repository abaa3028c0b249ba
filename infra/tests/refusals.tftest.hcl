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
  variables { health_check_path = "healthcheck" }
  expect_failures = [var.health_check_path]
}

run "fargate_size" {
  command = plan
  variables {
    cpu    = 256
    memory = 4096
  }
  expect_failures = [var.memory]
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
  variables { container_port = 70000 }
  expect_failures = [var.container_port]
}

run "egress" {
  command = plan
  variables { egress = "internet" }
  expect_failures = [var.egress]
}

run "a_secret_itself" {
  command = plan
  variables { secrets = { API_KEY = "hunter2" } }
  expect_failures = [var.secrets]
}

run "scaling_bounds" {
  command = plan
  variables {
    scaling_min = 4
    scaling_max = 3
  }
  expect_failures = [var.scaling_max]
}

run "a_shell_in_a_read_only_container" {
  command = plan
  variables {
    production      = true
    execute_command = true
  }
  expect_failures = [var.execute_command]
}

run "log_retention" {
  command = plan
  variables { log_retention_days = 31 }
  expect_failures = [var.log_retention_days]
}
