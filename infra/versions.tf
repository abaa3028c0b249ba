terraform {
  # Write-only arguments, which keep the database password out of the state, came with 1.11.
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # What the stack is rehearsed with. 6 is another major version: docs/how-to/provider.md.
      version = "~> 5.100"
    }
  }

  # Bucket, key, region and use_lockfile are given at init; see `make init`. Where this folder is a module
  # of another configuration, Terraform ignores it and says so.
  backend "s3" {}
}

# There is no provider block: a module that has one can be used with neither count nor another region. As
# the root module the provider takes its region and its credentials from the environment (AWS_REGION,
# AWS_PROFILE).
