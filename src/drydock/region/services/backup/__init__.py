"""AWS Backup: vaults and plans are stored, no backup is made."""
