"""The process that stores and answers: the X-Ray API and the console over one Storage."""
