from fluoro.model.tenant import LOCAL, Tenant


def test_a_tenant_is_its_account_and_region():
    """Equal ones are one key, and they have an order."""
    other = Tenant("000000000000", "eu-west-1")
    assert {LOCAL: 1}[Tenant("000000000000", "us-east-1")] == 1
    assert sorted([LOCAL, other]) == [other, LOCAL]
