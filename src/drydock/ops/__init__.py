"""Commands on a running stack: run, logs, status, deploy, migrate, bootstrap.

The package speaks only the AWS API, through boto3, so that it behaves the same against AWS.
"""
