"""The architecture of `infra/` built through boto3, in seconds and without Terraform.

No second product: it speaks the AWS API only, and what it leaves in a region is what `infra/` leaves.
Every name is derived from the settings, so that a second run finds what the first has made.
"""
