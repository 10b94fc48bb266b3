"""What pyproject.toml can't say of the build: it begins afresh, and this file is none of the modules."""

import shutil

from setuptools import setup

shutil.rmtree("build", ignore_errors=True)  # what an earlier build left there would be installed too
setup(script_name="setup.py")
