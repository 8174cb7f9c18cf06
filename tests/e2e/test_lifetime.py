"""Nothing is left behind: when the gateway is killed, when it is stopped."""

import pytest

import proc_tree
from sse import ChatStream


def held_streams(gateway, count):
    streams = [ChatStream(gateway, f"[[text:50]][[hold:5]] {n}", conversation_id=f"c{n}")
               for n in range(count)]
    for stream in streams:
        stream.open().read_contents(5)
    assert len(gateway.cli_pids()) == count
    return streams


@pytest.mark.real_cli
@pytest.mark.killed
def test_killed_gateway_takes_its_whole_tree_along(gateway, api):
    held_streams(gateway, 3)
    gateway.kill()
    proc_tree.wait_until(lambda: not gateway.survivors(), 1.0, "the tree to be gone")


@pytest.mark.killed
def test_killed_gateway_takes_stubborn_descendants_along(start_fake, ledger):
    gateway = start_fake("[[ignore_term]][[ignore_eof]]")
    for n in range(3):
        gateway.answer("[[grandchild]]", conversation_id=f"c{n}")
    children = [entry["child"] for entry in ledger.wait("grandchild", 3)]
    assert all(proc_tree.stat(child) for child in children)
    gateway.kill()
    proc_tree.wait_until(lambda: not gateway.survivors(), 1.5, "the tree to be gone")


@pytest.mark.real_cli
def test_stopped_gateway_ends_idle_processes_and_exits_with_0(gateway):
    gateway.answer("x", conversation_id="a")
    gateway.answer("x", conversation_id="b")
    gateway.settle()
    assert gateway.stop(5) == 0


def test_stopped_gateway_lets_a_running_answer_finish(fake_gateway):
    stream = ChatStream(fake_gateway, "[[text:20]][[delay:50]]").open()
    stream.read_contents(3)
    fake_gateway.tree = proc_tree.descendants(fake_gateway.pid)
    fake_gateway.process.terminate()
    stream.read_all()
    assert stream.text() == "".join(f"w{i} " for i in range(20))
    assert stream.finish_reasons() == ["stop"] and stream.done()
    assert fake_gateway.process.wait(8) == 0
    fake_gateway.stopped = True


def test_stopped_gateway_cuts_an_endless_answer_at_the_deadline(start_fake):
    gateway = start_fake(limits__drain_timeout_seconds=1)
    stream = ChatStream(gateway, "[[text:10000]][[delay:20]]").open()
    stream.read_contents(3)
    assert gateway.stop(6) == 0
    stream.read_all()
    assert stream.failed()


def test_process_that_ignores_everything_is_gone_after_the_stop(start_fake):
    gateway = start_fake("[[ignore_term]][[ignore_eof]]")
    gateway.answer("[[grandchild]]")
    assert gateway.stop(10) == 0


def test_repeated_turns_leave_no_descriptor_and_no_zombie(start_fake):
    gateway = start_fake(claude__max_concurrent_sessions=2)
    for n in range(20):
        gateway.answer("x", conversation_id=f"c{n}")
    gateway.settle()
    assert len(gateway.cli_pids()) <= 2
