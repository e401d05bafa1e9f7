"""On every signal the app stops soon and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import sys

import httpx
import pytest
from simple_websocket import Client, ConnectionClosed
from wsproto.frame_protocol import CloseReason

from tests.launch.launcher import patiently

GRACE = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]


def answers(address):
    try:
        return httpx.get(f"{address}/ping").is_success
    except httpx.TransportError:
        return False


def assert_it_stopped_cleanly(launcher):
    launcher.wait_until_all_are_gone()
    assert launcher.end() == 0
    assert launcher.lines[-1].startswith("App running at: "), launcher.lines


def open_socket(address):
    """Open a socket; its first message stays unread, as a client may get it with the handshake."""
    return Client(f"ws{address}/_event/?EIO=4&transport=websocket&token=of-a-test")


def is_closed_in_order(socket):
    try:
        while socket.receive(timeout=20):
            """An earlier message."""
    except ConnectionClosed as closed:
        return closed.reason is not CloseReason.ABNORMAL_CLOSURE
    return False


@pytest.mark.parametrize("number", GRACE)
def test_launcher_stops_everything_at_a_signal(start, number):
    launcher = start()
    launcher.wait_until_it_runs()
    launcher.send(number)
    assert_it_stopped_cleanly(launcher)


def test_ctrl_c_stops_everything(start):
    launcher = start()
    launcher.wait_until_it_runs()
    launcher.press_ctrl_c()
    assert_it_stopped_cleanly(launcher)


def test_worker_leaves_ctrl_c_to_its_launcher(start):
    launcher = start()
    address = launcher.wait_until_it_runs()
    (worker,) = set(launcher.processes()) - {launcher.process.pid}
    os.kill(worker, signal.SIGINT)
    assert all(answers(address) for _ in patiently(1))
    assert worker in launcher.processes()
    launcher.press_ctrl_c()
    assert_it_stopped_cleanly(launcher)


def test_open_sockets_are_closed_and_do_not_hold_up_the_stop(start):
    launcher = start()
    address = launcher.wait_until_it_runs().removeprefix("http")
    sockets = [open_socket(address) for _ in range(20)]
    launcher.press_ctrl_c()
    assert all(is_closed_in_order(socket) for socket in sockets)
    assert_it_stopped_cleanly(launcher)


@pytest.mark.parametrize("number", GRACE)
def test_launcher_stops_everything_at_a_signal_in_its_first_moment(start, number):
    launcher = start(sys.executable, "-m", "authdemo", "run")
    launcher.send(number)
    launcher.wait_until_all_are_gone()


@pytest.mark.parametrize("number", GRACE)
def test_launcher_stops_everything_at_a_signal_while_a_worker_starts(start, number):
    launcher = start()
    launcher.wait_for_a_worker()
    launcher.send(number)
    launcher.wait_until_all_are_gone()
    assert launcher.end() == 0
    assert launcher.lines == []


def test_ctrl_c_while_a_worker_starts_stops_everything(start):
    launcher = start()
    launcher.wait_for_a_worker()
    launcher.press_ctrl_c()
    launcher.wait_until_all_are_gone()
    assert launcher.end() == 0
    assert launcher.lines == []


def test_repeated_ctrl_c_during_the_build_leaves_no_process(start, project):
    (project / ".web/build/fingerprint").unlink(missing_ok=True)
    launcher = start()
    launcher.wait_for("Compiling the pages")
    for _ in patiently(0.5):
        launcher.press_ctrl_c()
    launcher.wait_until_all_are_gone()


def test_launcher_under_nohup_survives_a_closed_terminal(start):
    launcher = start("nohup", sys.executable, "-m", "authdemo", "run")
    address = launcher.wait_until_it_runs()
    launcher.close_terminal()
    assert all(answers(address) for _ in patiently(2))
    assert launcher.process.poll() is None


def test_workers_end_when_their_launcher_is_killed(start):
    launcher = start()
    launcher.wait_until_it_runs()
    launcher.send(signal.SIGKILL)
    launcher.wait_until_all_are_gone()


def test_worker_is_replaced_each_time_it_is_killed(start):
    launcher = start()
    address = launcher.wait_until_it_runs()
    for _ in range(3):
        (worker,) = set(launcher.processes()) - {launcher.process.pid}
        os.kill(worker, signal.SIGKILL)
        assert any(answers(address) for _ in patiently(10))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_make_stops_everything_at_a_signal(start, number):
    launcher = start("make", "run")
    launcher.wait_until_it_runs()
    if number == signal.SIGINT:
        launcher.press_ctrl_c()
    else:
        launcher.send(number)
    launcher.wait_until_all_are_gone()
    assert not any("Traceback" in line for line in launcher.lines)


def test_ctrl_c_stops_the_development_mode(start):
    launcher = start(sys.executable, "-m", "authdemo", "dev")
    launcher.wait_until_it_runs()
    launcher.press_ctrl_c()
    launcher.wait_until_all_are_gone()
