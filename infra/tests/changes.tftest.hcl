# What a later plan does to what an earlier apply has made.

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
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/one" }
  }
  mock_resource "aws_lb" {
    defaults = { arn = "arn:aws:elasticloadbalancing:ap-southeast-2:123456789012:loadbalancer/app/tasklist/0123456789abcdef" }
  }
  mock_resource "aws_lb_target_group" {
    defaults = { arn = "arn:aws:elasticloadbalancing:ap-southeast-2:123456789012:targetgroup/tasklist/0123456789abcdef" }
  }
}

variables {
  postgresql_password = "correct-horse-battery"
}

override_resource {
  target = module.service.aws_ecs_task_definition.app
  values = { arn = "arn:aws:ecs:ap-southeast-2:123456789012:task-definition/tasklist:1" }
}
override_resource {
  target = module.database.aws_secretsmanager_secret.given
  values = { id = "arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:tasklist-AbCdEf", arn = "arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:tasklist-AbCdEf" }
}
override_resource {
  target = module.service.aws_ecs_service.app
  values = { task_definition = "arn:aws:ecs:ap-southeast-2:123456789012:task-definition/tasklist:1" }
}

run "a_password" {
  command = apply

  assert {
    condition     = module.service.secret_versions["secret-version.VTT_DBPASSWORD"] == tostring(parseint(substr(sha256("correct-horse-battery"), 0, 4), 16))
    error_message = "The revision says which password its tasks start with."
  }
}

run "another_password" {
  command = plan

  variables {
    postgresql_password = "another-one-of-mine"
  }

  assert {
    condition     = module.service.secret_versions["secret-version.VTT_DBPASSWORD"] == tostring(parseint(substr(sha256("another-one-of-mine"), 0, 4), 16))
    error_message = "Another password means another revision, or the tasks keep the old one."
  }
}
