from fluoro.store.migrations import steps


def test_steps_are_numbered_without_a_gap():
    """From one on; a step that was published is never taken out."""
    assert list(steps()) == list(range(1, len(steps()) + 1))


def test_a_step_is_split_into_statements():
    """Each is one command; comments belong to none."""
    statements = [statement for step in steps().values() for statement in step]
    kinds = ("CREATE TABLE", "ALTER TABLE", "INSERT INTO")
    assert all(sum(statement.count(kind) for kind in kinds) == 1 for statement in statements)
    assert not any("--" in statement for statement in statements)


def test_every_statement_may_run_twice():
    """Two servers may start at once, and a node may come back empty."""
    statements = [statement for step in steps().values() for statement in step]
    replacing = "INSERT INTO edge_runs\n"
    repeatable = (" EXISTS ", " MODIFY SETTING ", " MODIFY COLUMN ", replacing)
    assert [
        each
        for each in statements
        if not any(word in each.partition("(")[0] for word in repeatable)
    ] == []


def test_every_table_with_rows_of_clients_reaches_the_disk_before_it_answers():
    """An acknowledgement holds through a loss of power."""
    for statement in steps()[1]:
        table = statement.split("EXISTS ")[1].split()[0]
        durable = "fsync_after_insert = 1, fsync_part_directory = 1" in statement
        assert durable is (table not in {"incoming", "unread"})
