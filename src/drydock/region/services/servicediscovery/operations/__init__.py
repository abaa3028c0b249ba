"""Operations: namespaces, services and instances."""
