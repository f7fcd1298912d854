"""What every benchmark writes beside its rows: the machine, the date, the load."""

import datetime
import json
import os
import platform
from pathlib import Path

import torch

RESULTS = Path(__file__).parent / "results"


def machine() -> str:
    """Processor, cores and torch, as far as the system tells."""
    lines = _processor_lines()
    model = next((line.split(":", 1)[1].strip() for line in lines if "model name" in line), "")
    flags = next((line for line in lines if line.startswith("flags")), "")
    extras = [flag for flag in ("avx2", "avx512f", "amx_bf16") if flag in flags]
    return ", ".join(
        [
            model or platform.processor() or platform.machine(),
            f"{os.cpu_count()} cores",
            *extras,
            f"torch {torch.__version__.split('+')[0]}",
            f"Python {platform.python_version()}",
        ]
    )


def _processor_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf8").splitlines() if path.exists() else []


def write(name: str, command: str, rows: list[dict], **more: object) -> None:
    """Print the rows as a table and write them to `results/<name>.json`."""
    print(table(rows))
    content = {
        "command": command,
        "machine": machine(),
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "load": round(os.getloadavg()[0], 2),
        **more,
        "rows": rows,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf8")


def table(rows: list[dict]) -> str:
    """The rows under their keys, columns aligned."""
    cells = [list(rows[0])] + [[_shown(value) for value in row.values()] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in cells
    )


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
