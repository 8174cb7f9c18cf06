"""Web pages in a real browser. Hostile ones: no process is started, no turn begins, nothing is
read. Those that the configuration lets in chat."""

import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from browser import Browser
from proc_tree import wait_until
from test_auth import ADMIN, ALICE, record

ATTACK_PAGE = (Path(__file__).parent / "pages/attack.html").read_text()
ALLOWED_PAGE = (Path(__file__).parent / "pages/allowed.html").read_text()
# Attacks that need an answer to their preflight before they send a body.
PREFLIGHTED = {"fetch_json", "fetch_json_with_credentials"}
# After a rebinding, what does not come from the page's own origin or goes elsewhere.
FOREIGN_ANYWAY = {"sandboxed", "localhost", "address_zero"}


class Site:
    """A careless server: says hello to everything, and remembers who asked. As the attacker's own
    site it also serves the page and takes the reports."""

    def __init__(self):
        site = self
        self.reports = queue.Queue()
        self.asked = {}  # attack -> [(method, body)]
        self.lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length", 0))
                site.take(self.command, self.path, self.rfile.read(length))
                page = {"/attack": ATTACK_PAGE, "/allowed": ALLOWED_PAGE}.get(
                    urlsplit(self.path).path, "hello")
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(page.encode())))
                self.end_headers()
                self.wfile.write(page.encode())

            do_GET = do_POST = do_OPTIONS = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def take(self, method, path, body):
        parts = urlsplit(path)
        if parts.path == "/report":
            self.reports.put(json.loads(body))
        for attack in parse_qs(parts.query).get("attack", []):
            with self.lock:
                self.asked.setdefault(attack, []).append((method, body))

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


@pytest.fixture
def site():
    """site() -> a running Site."""
    running = []

    def make():
        running.append(Site())
        return running[-1]

    yield make
    for each in running:
        each.stop()


@pytest.fixture
def browser(tmp_path, start_fake):  # ends before the gateways: a browser keeps connections open
    del start_fake
    made = Browser(tmp_path, {"attacker.test": "127.0.0.1", "page.test": "127.0.0.1"})
    yield made
    made.close()


def visit(browser, attacker, victim_port):
    """The attacker's page, open in the user's browser; its report."""
    here = f"http://attacker.test:{attacker.port}"
    query = urlencode({"victim": f"http://127.0.0.1:{victim_port}", "collector": here})
    browser.open(f"{here}/attack?{query}")
    return attacker.reports.get(timeout=30)


def visit_rebound(browser, attacker, victim_port):
    """The same page after its name has been made to point to the victim's address."""
    here = f"http://attacker.test:{victim_port}"
    query = urlencode({"victim": here, "same": 1,
                       "collector": f"http://attacker.test:{attacker.port}"})
    browser.open(f"{here}/attack?{query}", document=ATTACK_PAGE)
    return attacker.reports.get(timeout=30)


def ended(gateway):
    return [(line["method"], line["path"], line["status"]) for line in list(gateway.log_lines)
            if line.get("msg") == "request ended"]


def expect_untouched(gateway, ledger):
    assert ledger.lines() == []
    assert gateway.stats()["turns"]["submitted"] == 0
    assert gateway.cli_pids() == []


def test_a_foreign_page_starts_nothing_and_reads_nothing(browser, site, start_fake, ledger):
    # A careless server first: the attacks are real, each of them gets there.
    attacker, careless = site(), site()
    report = visit(browser, attacker, careless.port)
    wait_until(lambda: set(careless.asked) >= set(report), 5, "every attack to arrive")
    posts = {name for name, asked in careless.asked.items()
             if any(method == "POST" and b"attacked" in body for method, body in asked)}
    assert len(posts) >= 15, posts
    assert posts.isdisjoint(PREFLIGHTED)

    gateway = start_fake()
    report = visit(browser, attacker, gateway.port)
    # Nothing of it was too early: the last beacon has its answer, too.
    wait_until(lambda: len([row for row in ended(gateway) if row[2] in (403, 421)])
               >= len(report), 5, "every attack to be refused")
    assert {status for _, _, status in ended(gateway)} <= {403, 421}, ended(gateway)
    assert {name: text for name, text in report.items() if text} == {}
    expect_untouched(gateway, ledger)


def test_a_rebound_name_starts_nothing_and_reads_a_refusal(browser, site, start_fake, ledger):
    attacker, careless = site(), site()
    report = visit_rebound(browser, attacker, careless.port)
    wait_until(lambda: set(careless.asked) >= set(report), 5, "every attack to arrive")
    # To the browser it is one origin: the page reads what a careless server says.
    assert report["fetch_json"] == "200 hello" and report["iframe"] == "hello"

    gateway = start_fake()
    report = visit_rebound(browser, attacker, gateway.port)
    wait_until(lambda: len(ended(gateway)) >= len(report), 5, "every attack to be refused")
    assert {status for _, _, status in ended(gateway)} <= {403, 421}, ended(gateway)
    for name, text in report.items():
        assert not text or "host_not_allowed" in text, (name, text)
    assert report["fetch_json"].startswith("421 ")
    assert all(report[name] == "" for name in FOREIGN_ANYWAY)
    expect_untouched(gateway, ledger)


# -- pages that are let in

def use(browser, page, gateway, host="page.test", key=None):
    """An application's page of http://`host`:port, open in the browser; its report."""
    here = f"http://{host}:{page.port}"
    query = {"gateway": f"http://127.0.0.1:{gateway.port}", "collector": here}
    browser.open(f"{here}/allowed?{urlencode({**query, 'key': key} if key else query)}")
    return page.reports.get(timeout=30)


def expect_served(report):
    assert {name: each.get("status") for name, each in report.items()} == {
        "models": 200, "answer": 200, "stream": 200, "error": 404, "upstream_error": 503,
        "no_route": 404, "removal": 200}, report
    answer = json.loads(report["answer"]["body"])
    assert answer["choices"][0]["message"]["content"] == "Hello page"
    assert report["answer"]["conversation"] == answer["conversation_id"]
    assert report["stream"]["conversation"] == "of-the-page"
    assert '"w4 "' in report["stream"]["body"] and "[DONE]" in report["stream"]["body"]
    assert json.loads(report["error"]["body"])["error"]["code"] == "model_not_found"


def test_an_allowed_page_chats_and_others_do_not(browser, site, start_fake, ledger):
    page = site()
    gateway = start_fake(cors__allowed_origins=json.dumps([f"http://page.test:{page.port}"]))
    # The same page under another name, then under another port: other origins.
    for host, other in (("attacker.test", page), ("page.test", site())):
        report = use(browser, other, gateway, host)
        assert all("blocked" in each for each in report.values()), report
    expect_untouched(gateway, ledger)
    expect_served(use(browser, page, gateway))
    assert gateway.stats()["turns"]["submitted"] == 3


def test_an_allowed_page_must_show_a_key_where_there_are_keys(browser, site, start_fake, ledger):
    page = site()
    gateway = start_fake(
        key=ADMIN, auth__keys=json.dumps([record("root", ADMIN, admin=True), record("a", ALICE)]),
        cors__allowed_origins=json.dumps([f"http://page.test:{page.port}"]))
    report = use(browser, page, gateway)
    for name, each in report.items():  # refused, and it may read why
        assert each["status"] == 401 and "invalid_api_key" in each["body"], (name, each)
    expect_untouched(gateway, ledger)
    expect_served(use(browser, page, gateway, key=ALICE))
    report = use(browser, page, gateway, "attacker.test", key=ALICE)
    assert all("blocked" in each for each in report.values()), report


def test_with_any_page_let_in_the_key_is_what_counts(browser, site, start_fake):
    page = site()
    gateway = start_fake(key=ADMIN, cors__allow_any="true",
                         auth__keys=json.dumps([record("root", ADMIN, admin=True)]))
    report = use(browser, page, gateway, "attacker.test")
    assert {each["status"] for each in report.values()} == {401}, report
    expect_served(use(browser, page, gateway, "attacker.test", key=ADMIN))
