"""The command line: one file per group of commands, output in one place.

Here belongs what a user types and sees; what a command does belongs into the packages below.
"""
