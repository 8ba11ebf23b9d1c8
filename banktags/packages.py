"""Provides dbt_utils: from the dbt hub where it can be reached, else the offline package of the project.

``make setup`` runs this module. Why there is an offline package: DECISIONS 23; what it holds is said in
offline_packages/dbt_utils/README.md.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from banktags.contract import PROJECT_ROOT

#: Seconds that `dbt deps` may try to reach the hub; where the name does not resolve, its retries end after about 13.
HUB_TIMEOUT = 30

#: dbt of the environment that runs this, whether or not it is activated.
DBT = str(Path(sys.executable).with_name("dbt"))

INSTALL_FROM_HUB = (DBT, "--quiet", "deps")


def provide(root: Path = PROJECT_ROOT, install_from_hub: Sequence[str] = INSTALL_FROM_HUB) -> str:
    """Fill ``dbt_packages/`` and tell where dbt_utils came from, in one line."""
    target = root / "dbt_packages" / "dbt_utils"
    try:
        subprocess.run(install_from_hub, cwd=root, timeout=HUB_TIMEOUT, check=True, capture_output=True)
    except (subprocess.SubprocessError, OSError):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(root / "offline_packages" / "dbt_utils", target)
        return "dbt_utils: the dbt hub cannot be reached, offline_packages/dbt_utils stands in (see its README)."
    return "dbt_utils: installed from the dbt hub."


if __name__ == "__main__":
    print(provide())
