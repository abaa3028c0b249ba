"""Texts of the pipeline: a plan as a comment on a pull request, drift as an issue.

Texts are pure; only `github` calls GitHub's API. Nothing here knows AWS or runs Terraform.
"""
