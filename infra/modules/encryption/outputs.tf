output "logs_key_arn" {
  description = "Key of logs and alarms; null: AWS's own."
  value       = one(aws_kms_key.logs[*].arn)
}

output "secrets_key_arn" {
  description = "Key of secrets; null: AWS's own."
  value       = one(aws_kms_key.secrets[*].arn)
}

output "database_key_arn" {
  description = "Key of the database and its backups; null: AWS's own."
  value       = one(aws_kms_key.database[*].arn)
}
