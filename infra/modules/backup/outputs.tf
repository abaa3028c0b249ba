output "vault_name" {
  description = "Vault of the copies."
  value       = aws_backup_vault.this.name
}
