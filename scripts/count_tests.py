"""Counts the cases of one or more test runs and prints the closing line 'N passed, N failed[, N skipped]'.

A GoogleTest program counts by its cases (test-results/NAME.json), any other ctest entry as one. A program that
ctest calls failed although no case did (a crash, a time-out, a sanitizer's report at exit) counts as one more failure. A
skipped entry that says 'N tests are not built: ...' counts as N skipped, and is repeated.
Exits with 1 when anything failed or nothing passed.
"""

import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree


def count_cases(report):
    """Passed, failed, skipped and the names of the failed of one GoogleTest report."""
    passed = skipped = 0
    failed = []
    for suite in report["testsuites"]:
        for case in suite["testsuite"]:
            if "failures" in case:
                failed.append(f"{suite['name']}.{case['name']}")
            elif case["result"] == "COMPLETED":
                passed += 1
            else:  # skipped at run time, or disabled
                skipped += 1
    return passed, failed, skipped


def count_unbuilt(entry):
    """How many cases a skipped entry stands for."""
    said = re.search(r"^(\d+) tests are not built: .*$", entry.findtext("system-out", ""), re.MULTILINE)
    if said:
        print(f"{entry.get('name')}: {said[0]}")
    return int(said[1]) if said else 1


def count_run(folder):
    """The same three of one build folder's last ctest run."""
    passed = skipped = 0
    failed = []
    try:
        entries = ElementTree.parse(folder / "test-results" / "ctest.xml").getroot().iter("testcase")
    except (OSError, ElementTree.ParseError) as error:
        print(f"{folder}: the tests did not run to their end ({error})")
        return 0, [str(folder)], 0
    for entry in entries:
        name = entry.get("name")
        status = entry.get("status")
        try:
            report = json.loads((folder / "test-results" / f"{name}.json").read_text())
        except (OSError, ValueError):
            report = None
        case_failures = []
        if report is not None:
            case_passed, case_failures, case_skipped = count_cases(report)
            passed += case_passed
            skipped += case_skipped
            failed += case_failures
        if status == "run":
            passed += report is None
        elif status == "disabled" or (status == "notrun" and entry.find("skipped") is not None
                                      and entry.find("skipped").get("message", "").startswith("SKIP_")):
            skipped += count_unbuilt(entry) if report is None else 0
        elif not case_failures:
            failed.append(f"{name} ({'did not run' if status == 'notrun' else 'the program failed'})")
    return passed, [f"{folder.name}: {name}" for name in failed], skipped


def main():
    passed = skipped = 0
    failed = []
    for folder in sys.argv[1:]:
        run_passed, run_failed, run_skipped = count_run(pathlib.Path(folder))
        passed += run_passed
        failed += run_failed
        skipped += run_skipped
    for name in failed:
        print("failed:", name)
    if not passed and not failed:
        print("No test ran.")
    print(f"{passed} passed, {len(failed)} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
