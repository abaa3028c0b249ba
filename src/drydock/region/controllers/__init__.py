"""Controllers read what was asked for, compare, act and write back what is so.

One module or package per AWS service; they never import each other: they meet in the API's resources.
"""
