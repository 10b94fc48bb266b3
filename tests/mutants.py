"""Plants faults in copies of this checkout, one at a time, and says which of them no test notices: `make mutants`.

A fault is a defect that a user could notice, with the tests that should fail by it. Where they pass, a test is missing.
The checkout itself stays as it is. What is committed or at least added to git is copied, with its changes.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
COPIES = 2
FAULT_SECONDS = 120
SOUND_SECONDS = 900


class Fault(NamedTuple):
    """Text that stands exactly once in a file, what it is replaced by, and the tests one of which must fail then."""

    name: str
    file: str
    #: What the names of the tests have in common: which files they are in may change.
    tests: str
    old: str
    new: str
    database: str = "sqlite"


# fmt: off
FAULTS = [Fault(*row) for row in (
    # Who is asking
    ("a-key-counts-by-its-first-letters", "auth/keys.py", "first_12_characters",
     "sha256(secret.encode())", "sha256(secret[:12].encode())"),
    ("a-revoked-key-gets-in", "auth/viewer.py", "revoked_expired_and_unknown",
     "if key.revoked_at is not None:", "if False:"),
    ("no-signature-is-checked", "auth/tokens.py", "token_of_another_secret",
     '"enforce_minimum_key_length": True', '"verify_signature": False'),
    # What may be seen and done
    ("a-limited-member-sees-every-panel", "resolvers/access.py", "theirs_are",
     "_none, lambda scope: Q(candidate_id__in=tied_candidates(scope)), lambda _", "_none, _any, lambda _"),
    ("an-account-sees-another", "resolvers/access.py", "nothing_beyond_reach",
     "return lambda scope: _account(scope, account) & filters", "return lambda scope: filters"),
    ("a-limited-member-follows-every-change", "resolvers/audiences.py", "a_restricted_viewer_gets",
     "return viewer.user_id in self.tied", "return True"),
    ("answers-show-before-ones-own-are-in", "resolvers/feedback.py", "answers_after_their_own",
     "if FeedbackFormStatus.PENDING in own:", "if False:"),
    ("an-admin-makes-super-admins", "resolvers/user_syncs.py", "an_admin_may_not",
     "if viewer.role is Role.SUPER_ADMIN or Role", "if viewer.role or Role"),
    # Following changes
    ("a-permission-is-kept-for-a-minute", "feed/subscription.py", "asked_anew",
     "_FRESH_SECONDS = 1.0", "_FRESH_SECONDS = 60.0"),
    ("a-demotion-reaches-no-follower", "feed/subscription.py", "a_narrowed_viewer",
     "elif viewer is not self._viewer:", "elif False:"),
    ("a-change-is-lost-while-another-is-read", "feed/subscription.py", "joins_while_changes",
     "== _READ_AT_ONCE else head", "== _READ_AT_ONCE else self._edge.head"),
    ("a-change-is-lost-by-who-was-too-slow", "feed/hub.py", "cursor_behind_their_last_change",
     "log.too_slow(subscription.delivered,", "log.too_slow(subscription._read,"),
    ("a-commit-tells-its-first-change-only", "resolvers/units.py", "positions_are_gap_free",
     "enumerate(self._entries, row", "enumerate(self._entries[:1], row"),
    ("the-changes-of-a-commit-are-told-in-reverse", "resolvers/units.py", "topic_stands_in_one_order",
     "enumerate(self._entries, row", "enumerate(self._entries[::-1], row"),
    ("no-notify-reaches-other-processes", "feed/notify.py", "by_another_at_once",
     "self.listener.publish(name)", "pass", "postgres"),
    ("one-rendering-serves-all-variables", "operations/rendering.py", "variable_that_is_null",
     "name in sorted(operation.answer_variables)", "name in ()"),
    ("one-rendering-shows-answers-to-all", "operations/rendering.py", "though_a_colleague_does",
     "if admitted.operation.is_personal or not isinstance(event,", "if not isinstance(event,"),
    ("a-rendering-is-kept-for-a-minute", "operations/rendering.py", "panel_is_delivered_as_it_stands",
     "_FRESH_SECONDS = 0.5", "_FRESH_SECONDS = 60"),
    # Pushing, cancelling, feedback
    ("no-panel-is-locked", "resolvers/queries.py", "waits_for_whoever_changes_its_panel",
     'order_by("id").select_for_update() if lock', 'order_by("id") if lock', "postgres"),
    ("a-push-of-the-same-sequence-is-stale", "resolvers/revisions.py", "same_content_again",
     "and revision < other", "and revision <= other"),
    ("an-interviews-template-makes-no-form", "resolvers/lookups.py", "form_is_made_with",
     "(person.feedback_template_id, at) or default", "(person.feedback_template_id, at)"),
    ("who-is-added-again-gets-no-form-back", "resolvers/feedback.py", "a_removed_interviewers_form",
     "form.status = FeedbackFormStatus.PENDING", "pass"),
    ("a-user-restores-what-the-scheduler-deleted", "resolvers/cancels.py", "no_user_restores",
     "if panel.is_deleted:", "if False:"),
    ("a-newer-version-is-no-conflict", "resolvers/cancels.py", "a_cancel_expects_the_version",
     "expected == panel.version:", "expected <= panel.version:"),
    ("a-restore-leaves-no-audit", "resolvers/cancels.py", "cancel_and_restore_are_kept",
     "unit.audit(AuditAct.PANEL_RESTORED, panel.id, origin=CancelOrigin.ATS.value)", "pass"),
    ("an-offset-is-ignored", "schema/scalars.py", "a_filters_instant",
     "return instant.astimezone(UTC)", "return instant.replace(tzinfo=UTC)"),
    ("a-comma-ends-a-text-of-an-invite", "resolvers/calendar.py", "ends_a_text",
     r'r"([\\;,])"', r'r"([\\;])"'),
    ("whatever-an-invite-says-raises-its-sequence", "resolvers/invite_revisions.py", "counts_what_is_significant",
     "(before.event != after.event)", "1"),
    ("whoever-left-is-sent-nothing", "resolvers/invite_revisions.py", "sent_a_cancel_until",
     "departures[user_id] = _departure(interview, before)", "pass"),
    ("an-ended-feed-goes-on", "resolvers/calendar_feeds.py", "ends_the_old_address",
     '.filter(user_id=user.id).delete()', '.filter(user_id="").delete()'),
    ("an-email-breaks-out-of-its-link", "resolvers/integrations.py", "place_in_the_link",
     'quote(value, safe="")', "value"),
    # Lists, limits, errors
    ("a-cursor-repeats-its-row", "resolvers/listing.py", "pages_of_one",
     "where_criterion=row > place", "where_criterion=row >= place"),
    ("a-page-has-no-bound", "resolvers/listing.py", "a_page_is_bounded",
     "if not 1 <= size <= most:", "if size < 1:"),
    ("an-answer-is-older-than-its-question", "database/batching.py", "older_than_the_question",
     "load is None or load.has_begun or", "load is None or"),
    ("rows-of-a-page-cost-nothing", "operations/cost.py", "the_cost_of",
     "below.add(_page_size(definition, node), below_per_row)", "below.add(1, below_per_row)"),
    ("an-exception-is-told-to-clients", "operations/errors.py", "its_exception_quotes",
     '"Something went wrong here. The request id is in the server\'s log too."', "str(cause)"),
    ("an-exceptions-text-is-logged", "logs.py", "none_of_its_words",
     '"type": _type_of(error)', '"type": repr(error)'),
    # The ways in
    ("a-repeated-id-closes-with-another-code", "transport/websocket.py", "an_id_belongs",
     "Closed(4409,", "Closed(4400,"),
    ("any-page-opens-a-websocket", "transport/websocket.py", "page_from_elsewhere",
     "if origin is None or re", "if origin or origin is None or re"),
    ("a-form-of-any-page-is-a-request", "transport/http.py", "no_body_is_read_but_json",
     "if media_type != JSON or", 'if media_type not in (JSON, "text/plain") or'),
    ("no-rate-is-held", "operations/rates.py", "until_the_minute_is_over",
     "if spent > limit:", "if False:"),
    # The executor and the console
    ("a-plan-gives-null-where-none-may-be", "execution/completers.py", "takes_its_parent",
     "if self.is_required:", "if False:"),
    ("a-plan-serves-other-conditions", "execution/plans.py", "a_plan_serves_other_variables",
     "key = (key, *values.values())", "key = (key, None)"),
    ("markup-in-a-name-is-parsed", "console/element.js", "names_with_markup",
     "return fill(element, ...children);",
     'return typeof children[0] === "string" ? Object.assign(element, { innerHTML: children[0] }) '
     ": fill(element, ...children);"),
)]
# fmt: on


class Outcome(NamedTuple):
    """What the tests said of a fault, and how many seconds they took."""

    fault: Fault
    verdict: str
    seconds: float
    noticed_by: str = ""

    def __str__(self) -> str:
        return f"{self.verdict:<9} {self.seconds:5.1f} s  {self.fault.name:<43} {self.noticed_by}".rstrip()


@cache
def list_tests() -> dict[str, str]:
    """The names of all test functions, by their pytest ids."""
    return {
        f"{path.relative_to(ROOT)}::{name}": name
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for name in re.findall(r"^(?:async )?def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }


def find_tests(fault: Fault) -> list[str]:
    """The pytest ids of the tests that must notice the fault."""
    return [test for test, name in list_tests().items() if fault.tests in name]


def find_mismatches(faults: Sequence[Fault]) -> list[str]:
    """Say which faults no longer fit the code: their text must stand exactly once in their file, and have a test."""
    mismatches = [f"{fault.name}: no test has `{fault.tests}` in its name" for fault in faults if not find_tests(fault)]
    for fault in faults:
        path = ROOT / fault.file
        times = path.read_text().count(fault.old) if path.exists() else 0
        if times != 1:
            where = f"`{fault.old}` stands {times} times in {fault.file}"
            mismatches.append(f"{fault.name}: the code has changed: adapt the fault ({where})")
    return mismatches


def copy_checkout(folder: Path) -> Path:
    """Copy every file that git knows into a folder; returns the folder."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listing.stdout.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / "tmp").mkdir()
    return folder


def run_tests(copy: Path, tests: Sequence[str], database: str, seconds: float) -> tuple[int | None, str]:
    """Run tests in a copy up to the first that fails; the exit code, or None after so many seconds, and the output."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {"CALLBOARD_TEST_DATABASE": database, "TMPDIR": str(copy / "tmp")}
    # A session of its own, so that the servers which tests start end with them.
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=copy, env=environment, start_new_session=True, **piped) as process:
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None, ""
    return process.returncode, output


def try_fault(fault: Fault, copies: SimpleQueue[Path]) -> Outcome:
    """Plant a fault in a free copy, run the tests that should notice it, and take it out again."""
    copy, began = copies.get(), time.monotonic()
    path = copy / fault.file
    text = path.read_text()
    try:
        path.write_text(text.replace(fault.old, fault.new))
        code, output = run_tests(copy, find_tests(fault), fault.database, FAULT_SECONDS)
    finally:
        path.write_text(text)
        copies.put(copy)
    verdict = {0: "NOT FOUND", 1: "found", None: "TOO SLOW"}.get(code, "NOT RUN")
    failures = [line for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    noticed_by = failures[0].partition(" ")[2].partition(" - ")[0] if failures else ""
    outcome = Outcome(fault, verdict, time.monotonic() - began, noticed_by)
    print(outcome, file=sys.stderr, flush=True)
    return outcome


def list_suites(faults: Sequence[Fault]) -> list[tuple[str, list[str]]]:
    """The tests of faults that can run in one process, each list with its database."""
    suites: dict[tuple[str, bool], set[str]] = {}
    for fault in faults:
        for test in find_tests(fault):
            # Playwright runs an event loop of its own in the main thread, where the other tests have theirs.
            suites.setdefault((fault.database, test.startswith("tests/console/")), set()).add(test)
    return [(database, sorted(tests)) for (database, _), tests in suites.items()]


def try_without_faults(suite: tuple[str, list[str]], copies: SimpleQueue[Path]) -> str:
    """Run tests without any fault, since what fails anyway notices nothing; returns the output of a failure."""
    database, tests = suite
    copy = copies.get()
    code, output = run_tests(copy, tests, database, SOUND_SECONDS)
    copies.put(copy)
    return "" if code == 0 else f"Without any fault a test does not pass on {database}, or all take too long:\n{output}"


def main() -> int:
    """The exit code: 0 where every fault is found, 1 where one is not, 2 where that can't be told."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("-k", metavar="NAME", default="", help="only faults with this in their names")
    parser.add_argument("--list", action="store_true", help="only list the faults, and check that they fit the code")
    arguments = parser.parse_args()
    faults = [fault for fault in FAULTS if arguments.k in fault.name]
    if mismatches := find_mismatches(faults):
        print(*mismatches, sep="\n", file=sys.stderr)
        return 2
    if not faults:
        parser.error(f"no fault has `{arguments.k}` in its name: see --list")
    if arguments.list:
        print(*(f"{fault.name:<43} {fault.file:<26} {' '.join(find_tests(fault))}" for fault in faults), sep="\n")
        return 0
    with tempfile.TemporaryDirectory(prefix="callboard-mutants-") as folder, ThreadPoolExecutor(COPIES) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(COPIES):
            copies.put(copy_checkout(Path(folder) / str(number)))
        without = pool.map(lambda suite: try_without_faults(suite, copies), list_suites(faults))
        if failures := [output for output in without if output]:
            print(*failures, sep="\n", file=sys.stderr)
            return 2
        outcomes = list(pool.map(lambda fault: try_fault(fault, copies), faults))
    missed = [outcome for outcome in outcomes if outcome.verdict != "found"]
    print(*outcomes, f"{len(outcomes) - len(missed)} of {len(outcomes)} faults are found.", sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
