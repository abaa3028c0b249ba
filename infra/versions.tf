terraform {
  # Write-only arguments, which keep the database password out of the state, came with 1.11.
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }

  # Bucket, key, region and use_lockfile are given at init; see `make init`.
  backend "s3" {}
}

provider "aws" {
  # Empty: the region of the environment (AWS_REGION) or of the profile.
  region = var.region != "" ? var.region : null

  default_tags {
    tags = {
      Application = local.prefix
      ManagedBy   = "terraform"
    }
  }
}
