"""The console's JSON and its files: another encoding of the API's answers, not another meaning."""
