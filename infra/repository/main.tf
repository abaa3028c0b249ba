# The ECR repository of the application's images: a stack of its own, which is applied before the first
# image is pushed, and outlives the stack that runs the image.
#
#   DIR=infra/repository make init plan apply

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # In the bucket of the stack's state, beside it.
  backend "s3" {
    key = "repository.tfstate"
  }
}

variable "prefix" {
  description = "Name of the repository."
  type        = string
  default     = "tasklist"
  nullable    = false

  validation {
    condition     = var.prefix == "" || can(regex("^[a-z][a-z0-9-]{0,22}[a-z0-9]$", var.prefix))
    error_message = "Give prefix 2 to 24 small letters, digits and hyphens, with a letter first and no hyphen last."
  }
}

variable "force_delete" {
  description = "Whether Terraform may destroy a repository that holds images."
  type        = bool
  default     = false
  nullable    = false
}

module "delivery" {
  source = "../modules/delivery"

  prefix       = coalesce(var.prefix, "tasklist")
  tags         = { Application = coalesce(var.prefix, "tasklist"), ManagedBy = "terraform", Stack = "repository" }
  force_delete = var.force_delete
}

output "repository_url" {
  description = "Repository of the application's images."
  value       = module.delivery.repository_url
}
