"""The architecture of `infra/` built through boto3, in seconds and without Terraform.

It is no second product: it uses the AWS API only, and leaves in a region what `infra/` leaves. Every
name is derived from the settings, so that a second run finds what the first has created.
"""
