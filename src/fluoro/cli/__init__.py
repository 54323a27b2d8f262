"""The command line: the only place that builds objects, reads settings and starts programs."""
