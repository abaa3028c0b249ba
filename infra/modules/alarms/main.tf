# What somebody should hear of. Each alarm says in its description what to look at. What CloudWatch has no
# metric for comes as an event: a deployment or a backup that has failed.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# AWS's own key of SNS has a policy that nobody can change, and by which CloudWatch may not use it: an
# alarm to such a topic is lost, and only the alarm's history says so.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
resource "aws_kms_key" "topic" {
  count                   = var.has_key ? 0 : 1
  description             = "Alarms of ${var.prefix}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  tags                    = var.tags
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TheAccountDecidesByIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "AlarmsAndEventsToAnEncryptedTopic"
        Effect    = "Allow"
        Principal = { Service = ["cloudwatch.amazonaws.com", "events.amazonaws.com"] }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
      },
    ]
  })
}

resource "aws_sns_topic" "this" {
  name              = "${var.prefix}-alarms"
  kms_master_key_id = var.has_key ? var.key_arn : aws_kms_key.topic[0].arn
  tags              = var.tags
}

# Whoever may publish with IAM may still do so: a policy of one's own takes the place of the default one.
resource "aws_sns_topic_policy" "this" {
  arn = aws_sns_topic.this.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TheAccountDecidesByIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root" }
        Action    = ["sns:GetTopicAttributes", "sns:SetTopicAttributes", "sns:Subscribe", "sns:ListSubscriptionsByTopic", "sns:Publish", "sns:DeleteTopic"]
        Resource  = aws_sns_topic.this.arn
      },
      {
        Sid       = "AlarmsAndEventsOfThisAccount"
        Effect    = "Allow"
        Principal = { Service = ["cloudwatch.amazonaws.com", "events.amazonaws.com"] }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this.arn
        Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "email" {
  count     = var.email == "" ? 0 : 1
  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = var.email
}

locals {
  balancer = { LoadBalancer = var.load_balancer_suffix }
  targets  = { LoadBalancer = var.load_balancer_suffix, TargetGroup = var.target_group_suffix }
  service  = { ClusterName = var.cluster_name, ServiceName = var.service_name }
  database = { DBClusterIdentifier = var.database_id }

  events = merge(
    {
      deployment-failed = {
        says = "ECS has given a deployment of ${var.prefix} up"
        pattern = {
          source      = ["aws.ecs"]
          detail-type = ["ECS Deployment State Change"]
          resources   = [var.service_arn]
          detail      = { eventName = ["SERVICE_DEPLOYMENT_FAILED"] }
        }
      }
    },
    var.watches_backups ? {
      backup-failed = {
        says = "A backup of ${var.prefix} has failed"
        pattern = {
          source      = ["aws.backup"]
          detail-type = ["Backup Job State Change"]
          detail      = { state = ["FAILED", "ABORTED", "EXPIRED"], backupVaultName = [var.prefix] }
        }
      }
    } : {},
  )

  alarms = merge(local.own_alarms, var.watches_redeployments ? {
    redeployment-failed = {
      namespace  = "AWS/States", metric = "ExecutionsFailed", statistic = "Sum"
      comparison = "GreaterThanThreshold", threshold = 0, minutes = 1, missing = "notBreaching"
      dimensions = { StateMachineArn = var.state_machine_arn }
      says       = "The database's password has rotated and the tasks were not replaced: drydock deploy"
    }
  } : {})
  own_alarms = {
    no-healthy-task = {
      namespace  = "AWS/ApplicationELB", metric = "HealthyHostCount", statistic = "Minimum"
      comparison = "LessThanThreshold", threshold = 1, minutes = 2, missing = "breaching", dimensions = local.targets
      says       = "No task is healthy, the site is down: drydock status, drydock logs"
    }
    unhealthy-task = {
      namespace  = "AWS/ApplicationELB", metric = "UnHealthyHostCount", statistic = "Maximum"
      comparison = "GreaterThanThreshold", threshold = 0, minutes = 10, missing = "notBreaching", dimensions = local.targets
      says       = "A task has failed its health check for ten minutes: drydock status"
    }
    errors-of-the-site = {
      namespace  = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", statistic = "Sum"
      comparison = "GreaterThanThreshold", threshold = 10, minutes = 5, missing = "notBreaching", dimensions = local.balancer
      says       = "The application answers with errors: drydock logs"
    }
    errors-of-the-load-balancer = {
      namespace  = "AWS/ApplicationELB", metric = "HTTPCode_ELB_5XX_Count", statistic = "Sum"
      comparison = "GreaterThanThreshold", threshold = 10, minutes = 5, missing = "notBreaching", dimensions = local.balancer
      says       = "The load balancer gets no answer of a task: drydock status"
    }
    slow-answers = {
      namespace  = "AWS/ApplicationELB", metric = "TargetResponseTime", statistic = "Average"
      comparison = "GreaterThanThreshold", threshold = 2, minutes = 5, missing = "notBreaching", dimensions = local.balancer
      says       = "Answers take more than two seconds on average: look at the tasks' CPU and at the database"
    }
    busy-tasks = {
      namespace  = "AWS/ECS", metric = "CPUUtilization", statistic = "Average"
      comparison = "GreaterThanThreshold", threshold = 90, minutes = 10, missing = "notBreaching", dimensions = local.service
      says       = "Tasks are busy although the service scales: raise service.scaling_max or service.cpu"
    }
    busy-database = {
      namespace  = "AWS/RDS", metric = "CPUUtilization", statistic = "Average"
      comparison = "GreaterThanThreshold", threshold = 90, minutes = 10, missing = "notBreaching", dimensions = local.database
      says       = "The database is at its limit: raise database.max_capacity, or the instance class"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each            = local.alarms
  alarm_name          = "${var.prefix}-${each.key}"
  alarm_description   = each.value.says
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.minutes
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
  tags                = var.tags
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each      = local.events
  name          = "${var.prefix}-${each.key}"
  description   = each.value.says
  event_pattern = jsonencode(each.value.pattern)
  tags          = var.tags
}

resource "aws_cloudwatch_event_target" "this" {
  for_each  = local.events
  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = "alarms"
  arn       = aws_sns_topic.this.arn
}
