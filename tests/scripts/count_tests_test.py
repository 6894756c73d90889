"""count_tests.py on small made-up runs."""

import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "scripts"))
import count_tests  # noqa: E402


def closing_lines(entries, **reports):
    """What is printed for these ctest entries and GoogleTest reports ({case: result}, or None for a failure)."""
    with tempfile.TemporaryDirectory() as folder:
        results = pathlib.Path(folder) / "test-results"
        results.mkdir()
        (results / "ctest.xml").write_text(f"<testsuite>{entries}</testsuite>")
        for name, cases in reports.items():
            suite = [{"name": case} | ({"result": result} if result else {"result": "COMPLETED", "failures": [{}]})
                     for case, result in cases.items()]
            (results / f"{name}.json").write_text(json.dumps({"testsuites": [{"name": "Suite", "testsuite": suite}]}))
        sys.argv[1:] = [folder]
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            code = count_tests.main()
        return code, printed.getvalue().replace(pathlib.Path(folder).name, "run").splitlines()


class CountTests(unittest.TestCase):
    def test_cases_and_entries(self):
        self.assertEqual(
            closing_lines('<testcase name="a" status="run"/><testcase name="b" status="run"/>',
                          a={"One": "COMPLETED", "Two": "COMPLETED", "Three": "SKIPPED"}),
            (0, ["3 passed, 0 failed, 1 skipped"]))

    def test_failures(self):
        self.assertEqual(
            closing_lines('<testcase name="a" status="fail"/><testcase name="b" status="fail"/>', a={"One": None}),
            (1, ["failed: run: Suite.One", "failed: run: b (the program failed)", "0 passed, 2 failed"]))

    def test_what_is_not_built_is_skipped(self):
        self.assertEqual(
            closing_lines('<testcase name="a" status="run"/><testcase name="gpu" status="notrun">'
                          '<skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>'
                          "<system-out>7 tests are not built: there is no nvcc.\n</system-out></testcase>"),
            (0, ["gpu: 7 tests are not built: there is no nvcc.", "1 passed, 0 failed, 7 skipped"]))

    def test_nothing_ran(self):
        self.assertEqual(closing_lines(""), (1, ["No test ran.", "0 passed, 0 failed"]))


if __name__ == "__main__":
    unittest.main()
