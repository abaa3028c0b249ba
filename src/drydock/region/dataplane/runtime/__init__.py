"""Tasks: containers as processes on their ENI, their images, their output.

Knows commands, environments and processes, nothing of AWS's API and nothing of the other seams.
"""
