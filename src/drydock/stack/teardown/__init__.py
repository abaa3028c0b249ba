"""Destroying a stack to the last: what Terraform cannot delete by itself, and what is left afterwards.

Here belongs what is asked of the AWS API around `terraform destroy`; Terraform itself runs in stack.py.
"""
