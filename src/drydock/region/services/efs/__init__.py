"""EFS: file systems are folders of the data plane; mount targets have real addresses."""
