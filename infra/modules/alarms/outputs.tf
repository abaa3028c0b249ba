output "topic_arn" {
  description = "Topic that alarms are sent to."
  value       = aws_sns_topic.this.arn
}

output "names" {
  description = "Names of the alarms."
  value       = sort([for one in aws_cloudwatch_metric_alarm.this : one.alarm_name])
}
