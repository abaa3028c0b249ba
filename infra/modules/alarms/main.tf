# What somebody should be told of. Each alarm says in its description what to look at.

resource "aws_sns_topic" "this" {
  name              = "${var.prefix}-alarms"
  kms_master_key_id = coalesce(var.key_arn, "alias/aws/sns")
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

  alarms = {
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
      says       = "Tasks are busy although the service scales: raise scaling_max or cpu"
    }
    busy-database = {
      namespace  = "AWS/RDS", metric = "CPUUtilization", statistic = "Average"
      comparison = "GreaterThanThreshold", threshold = 90, minutes = 10, missing = "notBreaching", dimensions = local.database
      says       = "The database is at its limit: raise database_max_capacity, or the instance class"
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
}
