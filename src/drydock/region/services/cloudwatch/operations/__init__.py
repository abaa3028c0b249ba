"""Operations: metrics, alarms and their history."""
