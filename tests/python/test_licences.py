"""Licences: of bank-tags, of all that is installed with it, and which are admitted; and what CI runs is pinned."""

import re
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from banktags.contract import PROJECT_ROOT
from banktags.licences import (
    EXCEPTIONS,
    Package,
    UnknownLicence,
    installed,
    is_admitted,
    licence_of,
    locked,
    on_page,
    page,
)

WORKFLOWS = PROJECT_ROOT / ".github" / "workflows"


def test_the_licence_of_the_project_stands_in_it():
    text = (PROJECT_ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert text.rstrip().endswith("limitations under the License.")
    project = (PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'license = "Apache-2.0"\nlicense-files = ["LICENSE"]\n' in project


def test_the_page_lists_what_is_locked_and_nothing_else():
    assert on_page().keys() == locked().keys(), "make licences"


def test_the_page_says_what_the_packages_say():
    said, here = on_page(), installed()
    differing = {
        package: (said[package], here[package])
        for package in said.keys() & here.keys()
        if said[package] != here[package]
    }
    assert differing == {}, "make licences"
    assert len(said.keys() & here.keys()) > 80


def test_every_licence_is_admitted():
    refused = {
        package.name: licence for package, licence in on_page().items() if not is_admitted(package.name, licence)
    }
    assert refused == {}, "replace the package, or write an exception with its reason in banktags/licences.py"
    assert EXCEPTIONS.keys() <= {package.name for package in locked()}, "an exception of no package"


@pytest.mark.parametrize(
    ("licence", "admitted"),
    [
        ("MIT", True),
        ("MIT OR GPL-3.0-only", True),
        ("GPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("Apache-2.0 AND GPL-2.0-only", False),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("LGPL-3.0-only", False),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_what_is_admitted(licence, admitted):
    assert is_admitted("a-package", licence) is admitted


def test_a_package_of_which_nothing_says_the_licence_is_named():
    with pytest.raises(UnknownLicence, match=r"new-package==1\.0: pip download"):
        page({Package("new-package", "1.0"): ["bank-tags"]}, {})


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        ("License-Expression: MIT AND 0BSD", "MIT AND 0BSD"),
        ("Classifier: License :: OSI Approved :: MIT License", "MIT"),
        ("License: Apache License, Version 2.0", "Apache-2.0"),
        ("License: MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("License: All rights reserved", ""),
        ("Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)", ""),
        ("Keywords: none", ""),
    ],
)
def test_the_licence_of_a_package_is_what_its_metadata_says(tmp_path, metadata, licence):
    folder = tmp_path / "new_package-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: new-package\nVersion: 1.0\n{metadata}\n")
    assert licence_of("new-package", PathDistribution(folder)) == licence


@pytest.mark.parametrize("workflow", sorted(WORKFLOWS.glob("*.y*ml")), ids=lambda path: path.name)
def test_every_action_of_ci_is_pinned_by_its_commit(workflow: Path):
    """A tag can be moved; beside the commit stands the version that it is."""
    used = re.findall(r"uses:\s*(.+)", workflow.read_text(encoding="utf-8"))
    assert used
    for action in used:
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", action), action
