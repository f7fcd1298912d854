"""Lets a visitor in at once: the settings of all components are not computed anew for each.

Gradio 6.31 begins every session, and every request without one, by computing the settings of every
component of the page: a third of a second of a core for ours, in which nobody else hears from the
server, and megabytes for each visitor. They are only read to write down a deep link, so that is
when they are computed.
"""

from collections.abc import ItemsView, Mapping
from types import SimpleNamespace

from gradio.blocks import Block, Blocks, BlocksConfig
from gradio.state_holder import SessionState

begin_whole = SessionState.__init__


class LateSettings(dict):
    """A session's settings by the number of the component; what never changed comes when listed."""

    def __init__(self, fresh: Mapping[int, Block]) -> None:
        super().__init__()
        self._fresh = fresh

    def items(self) -> ItemsView[int, dict]:
        """All of them, in the order of the components, then those of later components."""
        whole = {
            key: self[key] if key in self else BlocksConfig.config_for_block(key, [], block)
            for key, block in self._fresh.items()
        }
        return (whole | self).items()


def begin_light_sessions() -> None:
    """Make all sessions begin so; doing it twice changes nothing."""
    SessionState.__init__ = _begin_light


def _begin_light(session: SessionState, blocks: Blocks) -> None:
    begin_whole(session, SimpleNamespace(default_config=blocks.default_config, blocks={}))
    known = session.blocks_config.blocks
    session.config_values = LateSettings({key: known[key] for key in known if key in blocks.blocks})
