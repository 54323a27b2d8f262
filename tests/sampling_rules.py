"""Requests about sampling rules, for tests."""


def new_rule(name="r", **members):
    """Members of a rule that can be made."""
    return {
        "RuleName": name,
        "Priority": 100,
        "FixedRate": 0.1,
        "ReservoirSize": 5,
        "ServiceName": "*",
        "ServiceType": "*",
        "Host": "*",
        "HTTPMethod": "*",
        "URLPath": "*",
        "ResourceARN": "*",
        "Version": 1,
    } | members


def make(server, name="r", **members):
    """Make a rule; the answer."""
    return server.call("/CreateSamplingRule", {"SamplingRule": new_rule(name, **members)})


def change_rule(server, name="r", **members):
    """Change a rule; the answer."""
    update = {"RuleName": name} | members
    return server.call("/UpdateSamplingRule", {"SamplingRuleUpdate": update})
