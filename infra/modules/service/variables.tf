variable "prefix" {
  description = "Start of every name."
  type        = string
}

variable "tags" {
  description = "Tags of everything that takes some."
  type        = map(string)
}

variable "production" {
  description = "Whether the cluster collects container insights."
  type        = bool
}

variable "image" {
  description = "Image of the container."
  type        = string
}

variable "container_port" {
  description = "Port that the container listens on."
  type        = number
}

variable "cpu" {
  description = "CPU units of a task."
  type        = number
}

variable "memory" {
  description = "Memory of a task, MiB."
  type        = number
}

variable "desired_count" {
  description = "Tasks to start with."
  type        = number
}

variable "wait_for_steady_state" {
  description = "Whether apply waits until the service runs the new tasks."
  type        = bool
}

variable "subnet_ids" {
  description = "Subnets of the tasks."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the tasks."
  type        = string
}

variable "assign_public_ip" {
  description = "Whether a task has a public address."
  type        = bool
}

variable "target_group_arn" {
  description = "Target group that the tasks register in."
  type        = string
}

variable "log_group_name" {
  description = "Log group of the tasks."
  type        = string
}

variable "environment" {
  description = "Environment of the container."
  type        = map(string)
}

variable "secrets" {
  description = "Environment of the container that comes from secrets: name of the variable => secret and key within its JSON."
  type = map(object({
    secret_arn = string
    key        = string
  }))
}

variable "secret_versions" {
  description = "Variables that come from secrets => a number that changes with the secret."
  type        = map(number)
}

variable "command" {
  description = "Words that the container runs; empty: the image's own."
  type        = list(string)
}

variable "read_only_root_filesystem" {
  description = "Whether the container may write into its writable paths alone."
  type        = bool
}

variable "writable_paths" {
  description = "Folders of the container that are volumes of the task's own."
  type        = list(string)
}

variable "execute_command" {
  description = "Whether ECS Exec is on."
  type        = bool
}

variable "secrets_key_arns" {
  description = "Keys that the secrets are encrypted with."
  type        = list(string)
}

variable "scaling" {
  description = "Whether the number of tasks follows what they have to do."
  type        = bool
}

variable "scaling_min" {
  description = "Tasks at least."
  type        = number
}

variable "scaling_max" {
  description = "Tasks at most."
  type        = number
}

variable "redeploy_on_rotation" {
  description = "Whether a rotated password replaces the tasks."
  type        = bool
}

variable "rotating_secret_arns" {
  description = "Secrets whose rotation does."
  type        = list(string)
}
