# Every variable is optional. An empty string means "not set" everywhere, since a pipeline passes
# empty strings for secrets that nobody has set.

variable "prefix" {
  description = "Name of the application; every resource's name starts with it."
  type        = string
  default     = "tasklist"
  nullable    = false

  validation {
    condition     = var.prefix == "" || can(regex("^[a-z][a-z0-9-]{0,22}[a-z0-9]$", var.prefix))
    error_message = "Give prefix 2 to 24 small letters, digits and hyphens, with a letter first and no hyphen last: load balancers take no longer names."
  }
}

variable "region" {
  description = "AWS region, for example ap-southeast-2. Empty: the one that the environment says (AWS_REGION)."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.region == "" || can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "Write region as AWS does, for example ap-southeast-2, or leave it empty to take AWS_REGION."
  }
}

variable "production" {
  description = "true: private tasks behind NAT gateways, two database instances, deletion protection, a final snapshot. false, or empty: cheap enough to leave on."
  # Not a bool, because an empty string is none.
  type     = string
  default  = "false"
  nullable = false

  validation {
    condition     = contains(["true", "false", ""], var.production)
    error_message = "Set production to true or false."
  }
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the database and the load balancer. Empty: in production. To destroy a stack that has it, set false, plan and apply, then destroy."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = contains(["true", "false", ""], var.deletion_protection)
    error_message = "Set deletion_protection to true or false, or leave it empty to take the profile's."
  }
}

variable "final_snapshot" {
  description = "Whether a snapshot of the database is made before it is deleted; it stays, and costs, until you delete it. Empty: in production. A change takes effect once it is applied."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = contains(["true", "false", ""], var.final_snapshot)
    error_message = "Set final_snapshot to true or false, or leave it empty to take the profile's."
  }
}

variable "vpc_id" {
  description = "VPC to use, with its subnets (the default VPC works). Empty: a VPC is made from scratch."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.vpc_id == "" || can(regex("^vpc-[0-9a-f]{8,17}$", var.vpc_id))
    error_message = "Set vpc_id to a VPC's id such as vpc-0123456789abcdef0, or leave it empty to have a VPC made."
  }
}

variable "vpc_cidr" {
  description = "IPv4 range of the VPC that is made when vpc_id is empty."
  type        = string
  default     = "10.0.0.0/16"
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && try(tonumber(split("/", var.vpc_cidr)[1]) >= 16 && tonumber(split("/", var.vpc_cidr)[1]) <= 20, false)
    error_message = "Give vpc_cidr as an IPv4 range of /16 to /20, for example 10.0.0.0/16: it is divided into 16 subnets."
  }
}

variable "zones" {
  description = "Number of availability zones of the VPC that is made."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = contains([2, 3, 4], var.zones)
    error_message = "Set zones to 2, 3 or 4: a load balancer and a database need two."
  }
}

variable "domain_name" {
  description = "Name of a Route 53 hosted zone that exists. Set: the site is <host_name>.<domain_name>. Empty: the load balancer's own name."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.domain_name == "" || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain_name))
    error_message = "Set domain_name to the name of your hosted zone in small letters, without a dot at its end, for example example.com."
  }
}

variable "host_name" {
  description = "Name of the site within domain_name. Empty: prefix."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.host_name == "" || can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.host_name))
    error_message = "Set host_name to one DNS label, for example www: small letters, digits and hyphens, without domain_name."
  }
}

variable "certificate_arn" {
  description = "ARN of an ACM certificate in this region. Empty: with domain_name one is requested; without, the site is served over HTTP alone."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.certificate_arn == "" || can(regex("^arn:aws[a-z-]*:(acm|iam):[a-z0-9-]*:[0-9]{12}:(certificate|server-certificate)/.+$", var.certificate_arn))
    error_message = "Set certificate_arn to an ACM certificate's ARN (arn:aws:acm:REGION:ACCOUNT:certificate/ID) of the stack's region, or leave it empty."
  }
}

variable "container_image" {
  description = "Image that the tasks run. The default is the sample application, which only a local region has; on AWS name one that the tasks can pull."
  type        = string
  default     = "tasklist:latest"
  nullable    = false

  validation {
    condition     = !can(regex("\\s", var.container_image))
    error_message = "Set container_image to an image reference such as 123456789012.dkr.ecr.REGION.amazonaws.com/app:1.0."
  }
}

variable "container_port" {
  description = "Port that the container listens on."
  type        = number
  default     = 3000
  nullable    = false

  validation {
    condition     = var.container_port >= 1 && var.container_port <= 65535 && floor(var.container_port) == var.container_port
    error_message = "Set container_port to a whole number from 1 to 65535."
  }
}

variable "health_check_path" {
  description = "Path that answers 200 while a task can serve."
  type        = string
  default     = "/healthcheck/"
  nullable    = false

  validation {
    condition     = var.health_check_path == "" || startswith(var.health_check_path, "/")
    error_message = "Start health_check_path with a slash, for example /healthcheck/."
  }
}

variable "cpu" {
  description = "CPU units of a task; 1024 are one vCPU."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.cpu)
    error_message = "Set cpu to a size that Fargate has: 256, 512, 1024, 2048, 4096, 8192 or 16384."
  }
}

variable "memory" {
  description = "Memory of a task, MiB. Fargate has certain sizes for each cpu; 256 CPU units take 512, 1024 or 2048."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = var.memory >= var.cpu * 2 && var.memory <= var.cpu * 8 && (var.memory == 512 || var.memory % 1024 == 0)
    error_message = "Set memory to 2 to 8 times cpu (in MiB, whole GiB above 512): Fargate has no other sizes."
  }
}

variable "desired_count" {
  description = "Tasks that the service starts with; afterwards scaling decides, and Terraform leaves the number alone."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.desired_count >= 0 && floor(var.desired_count) == var.desired_count
    error_message = "Set desired_count to a whole number, 0 or more."
  }
}

variable "wait_for_steady_state" {
  description = "Whether apply waits until the service runs the new tasks, and fails if ECS rolls back."
  type        = bool
  default     = true
  nullable    = false
}

variable "postgresql_version" {
  description = "Version of Aurora PostgreSQL. A major one (16) follows AWS's minor upgrades; a full one (16.8) stays."
  type        = string
  default     = "16"
  nullable    = false

  validation {
    condition     = var.postgresql_version == "" || can(regex("^1[3-9](\\.[0-9]+)?$", var.postgresql_version))
    error_message = "Set postgresql_version to a version of Aurora PostgreSQL, for example 16 or 16.8."
  }
}

variable "postgresql_instance_class" {
  description = "Instance class of the database. db.serverless pauses when idle unless production."
  type        = string
  default     = "db.serverless"
  nullable    = false

  validation {
    condition     = var.postgresql_instance_class == "" || startswith(var.postgresql_instance_class, "db.")
    error_message = "Set postgresql_instance_class to db.serverless or to a class of Aurora's such as db.t4g.medium."
  }
}

variable "postgresql_password" {
  description = "Password of the database's master user; it is kept in Secrets Manager and never in the state. Empty: RDS makes and keeps one, which is better."
  type        = string
  default     = ""
  nullable    = false
  sensitive   = true

  validation {
    condition     = var.postgresql_password == "" || (length(var.postgresql_password) >= 8 && length(var.postgresql_password) <= 99 && !can(regex("[/@\" ]|[^ -~]", var.postgresql_password)))
    error_message = "Give postgresql_password 8 to 99 printable ASCII characters without a slash, an at sign, a double quote or a space (RDS takes no others), or leave it empty."
  }
}
