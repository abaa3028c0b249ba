"""Operations: clusters, instances, snapshots, parameter groups."""
