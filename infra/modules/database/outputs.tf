output "endpoint" {
  description = "Host name of the writer."
  value       = aws_rds_cluster.this.endpoint

  # A cluster without an instance answers nobody.
  depends_on = [aws_rds_cluster_instance.this]
}

output "port" {
  description = "Port of the database."
  value       = aws_rds_cluster.this.port
}

output "name" {
  description = "Name of the database."
  value       = aws_rds_cluster.this.database_name
}

output "username" {
  description = "Master user."
  value       = aws_rds_cluster.this.master_username
}

output "secret_arn" {
  description = "Secret with the keys `username` and `password`."
  value       = local.password_is_given ? aws_secretsmanager_secret.given[0].arn : try(data.aws_rds_cluster.managed[0].master_user_secret[0].secret_arn, "")

  depends_on = [aws_secretsmanager_secret_version.given]
}

output "password_version" {
  description = "A number that changes with the password that the user gave; null where RDS manages it."
  value       = local.password_version

  # Tasks that start for it read the new one.
  depends_on = [aws_secretsmanager_secret_version.given, aws_rds_cluster.this]
}

output "applies_at_once" {
  description = "Whether changes that restart the database are made at once."
  value       = aws_rds_cluster.this.apply_immediately
}

output "takes_major_upgrades" {
  description = "Whether a newer major version is taken."
  value       = aws_rds_cluster.this.allow_major_version_upgrade
}

output "parameter_family" {
  description = "Family of the cluster's parameter group; null without one."
  value       = one(aws_rds_cluster_parameter_group.this[*].family)
}

output "instance_count" {
  description = "Number of database instances."
  value       = length(aws_rds_cluster_instance.this)
}

output "minimum_capacity" {
  description = "Least capacity of a serverless database, ACU; null for another."
  value       = one(aws_rds_cluster.this.serverlessv2_scaling_configuration[*].min_capacity)
}

output "password_is_given" {
  description = "Whether the user gave the password; otherwise RDS manages it."
  value       = local.password_is_given
}

output "is_protected" {
  description = "Whether the cluster is protected from deletion."
  value       = aws_rds_cluster.this.deletion_protection
}

output "has_final_snapshot" {
  description = "Whether a snapshot is made before the cluster is deleted."
  value       = !aws_rds_cluster.this.skip_final_snapshot
}

output "cluster_arn" {
  description = "ARN of the cluster."
  value       = aws_rds_cluster.this.arn
}

output "cluster_identifier" {
  description = "Identifier of the cluster."
  value       = aws_rds_cluster.this.cluster_identifier
}
