"""What a pipeline says to people: a plan as a comment on a pull request, drift as an issue.

Texts are pure; `github` alone speaks to GitHub's API. Nothing here knows AWS or runs Terraform.
"""
