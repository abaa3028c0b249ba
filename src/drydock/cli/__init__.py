"""The command line: one file per group of commands, output in one place.

What a user types and sees belongs here; what a command does belongs into the packages below.
"""
