"""Operations: log groups, streams, events and their search."""
