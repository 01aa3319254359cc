"""Results of test cases as programs read them: JUnit's XML and GitHub's workflow commands."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree as ET

from custagent.config.report import escaped, xml_text
from custagent.runtime.proving.cases import Result


def as_junit(results: Sequence[Result]) -> str:
    """JUnit's XML: a suite an agent, a test case each case; why it failed stands in its `failure`."""
    root = ET.Element("testsuites", name="custagent test")
    for agent, group in groupby(results, key=lambda result: result.agent):
        cases = list(group)
        failures = sum(not case.passed for case in cases)
        suite = ET.SubElement(root, "testsuite", name=agent, tests=str(len(cases)), failures=str(failures), errors="0")
        for result in cases:
            case = ET.SubElement(
                suite,
                "testcase",
                classname=xml_text(result.path),
                name=xml_text(result.case),
                file=xml_text(result.path),
                line=str(result.line),
            )
            if not result.passed:
                failure = ET.SubElement(case, "failure", message=xml_text(result.faults[0]), type="expectation")
                failure.text = xml_text("\n".join([*result.faults, "", *_replies(result)]))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def as_github(failed: Sequence[Result]) -> str:
    """A workflow command a failed case, which GitHub shows at its line of the change."""
    return "\n".join(
        f"::error file={escaped(result.path, ',:')},line={result.line},title={escaped(result.case, ',:')}"
        f"::{escaped(chr(10).join(result.faults))}"
        for result in failed
    )


def _replies(result: Result) -> list[str]:
    return [line for reply in result.replies for line in (f"> {reply.ask}", reply.text)]
