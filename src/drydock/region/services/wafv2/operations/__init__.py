"""Operations: web ACLs, rule groups and sets."""
