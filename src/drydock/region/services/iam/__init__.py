"""IAM: roles, policies and users. `drydock.region.iam` evaluates the policies."""
