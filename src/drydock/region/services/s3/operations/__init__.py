"""Operations: buckets and objects."""
