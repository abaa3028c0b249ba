# The stack as a module of a configuration of your own. In another repository the source is
# "git::https://…/drydock.git//infra?ref=v1" instead.
#
#   drydock up examples/module

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

# Region, account and common tags are your configuration's business.
provider "aws" {
  default_tags {
    tags = { Team = "shop" }
  }
}

module "app" {
  source = "../../infra"

  prefix  = "shop"
  service = { desired_count = 1 }
  tags    = { Environment = "staging" }
}

# What commands such as `drydock update-db` and `drydock logs` ask for.
output "app_url" {
  description = "Where the site answers."
  value       = module.app.app_url
}

output "ecs_cluster_name" {
  description = "Name of the ECS cluster."
  value       = module.app.ecs_cluster_name
}

output "ecs_service_name" {
  description = "Name of the ECS service."
  value       = module.app.ecs_service_name
}

output "task_definition" {
  description = "Task definition; `drydock destroy` deregisters its revisions, which Terraform keeps."
  value       = module.app.task_definition
}

output "migrate_command" {
  description = "Words of a one-off task that brings the tables up to date."
  value       = module.app.migrate_command
}

output "standalone_task_subnet" {
  description = "Subnet for a one-off task."
  value       = module.app.standalone_task_subnet
}

output "standalone_task_sg" {
  description = "Security group for a one-off task."
  value       = module.app.standalone_task_sg
}

output "standalone_task_public_ip" {
  description = "Whether a one-off task needs a public address."
  value       = module.app.standalone_task_public_ip
}
