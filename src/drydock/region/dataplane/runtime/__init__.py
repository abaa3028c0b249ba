"""Tasks: containers as processes on their ENI, their images, their output.

Handles commands, environments and processes, independent of AWS's API and of the other parts.
"""
