"""Destroy a stack completely: delete what Terraform cannot, and check what is left afterwards.

The AWS API calls around `terraform destroy` belong here; Terraform itself runs in stack.py.
"""
