"""The table of vSphere's types is what the script makes of pyvmomi."""

import pathlib
import subprocess
import sys

import pyVmomi

from veer import ROOT


def test_the_table_is_what_the_script_makes():
    directory = ROOT / "Sources/CVSphere"
    packages = pathlib.Path(pyVmomi.__file__).parents[1]
    made = subprocess.run(
        [sys.executable, directory / "generate-types", packages], capture_output=True, text=True,
        check=True)
    assert made.stdout == (directory / "types.txt").read_text()
