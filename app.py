"""GenLab: python app.py, then open the address that it prints."""

import os
import threading

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: samplers use one thread a visitor
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")  # else pandas sums up all of them,
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")  # after every event

from genlab.store import ModelStore  # noqa: E402
from genlab.ui.shell import LAUNCH, build_app, warm_up  # noqa: E402


def main() -> None:
    """Serve until interrupted."""
    store = ModelStore()
    threading.Thread(target=warm_up, args=(store,), daemon=True).start()
    build_app(store).launch(**LAUNCH)


if __name__ == "__main__":
    main()
