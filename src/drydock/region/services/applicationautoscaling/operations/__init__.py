"""Operations: scalable targets, scaling policies and scheduled actions."""
