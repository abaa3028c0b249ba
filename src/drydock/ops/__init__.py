"""What one does with a stack that runs: run, logs, status, migrate, wait.

Speaks the AWS API through boto3 alone, so that it behaves the same against AWS.
"""
