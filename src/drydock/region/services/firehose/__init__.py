"""Firehose: delivery streams are stored; HTTP endpoints receive nothing."""
