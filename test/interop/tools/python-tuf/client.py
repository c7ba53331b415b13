# SPDX-License-Identifier: Apache-2.0
# Runs one update of python-tuf's client: client.py HOME MIRROR TARGET. It starts from HOME/root.json and keeps metadata
# and targets in HOME. Prints the version of the trusted root.

import os
import sys

from tuf.api.metadata import Metadata
from tuf.ngclient import Updater

home, mirror, target = sys.argv[1:]
metadata, targets = os.path.join(home, "metadata"), os.path.join(home, "targets")
os.makedirs(targets, exist_ok=True)
with open(os.path.join(home, "root.json"), "rb") as file:
    bootstrap = file.read()

updater = Updater(metadata, f"{mirror}/", targets, f"{mirror}/targets/", bootstrap=bootstrap)
updater.refresh()
info = updater.get_targetinfo(target)
if info is None:
    sys.exit(f"there is no {target}")
updater.download_target(info, os.path.join(targets, target))
print(Metadata.from_file(os.path.join(metadata, "root.json")).signed.version)
