"""What anybody may send over HTTP: every answer names the remedy, and nobody else notices."""

import json
import logging
import re
import threading
import uuid

import httpx  # comes with gradio
import pytest

from genlab.core.images import quantise
from genlab.inference.autoregressive import sample
from genlab.store import ModelStore
from genlab.ui import shell
from genlab.ui.canvas.payload import decode
from genlab.ui.pixels import sampling as page_of_pixelcnn

NAN, INFINITY = float("nan"), float("inf")
HUGE = 10**400
LEAKS = ("Traceback", "File ", "/home", "/usr", "site-packages", ".py", "0x")
FORGED_PAYLOAD = '{"run":"opening","rows":28}|' + "ff" * 40_000
SECONDS = 60


def nested(depth):
    value = 0
    for _ in range(depth):
        value = [value]
    return value


@pytest.fixture(scope="module")
def store():
    return ModelStore()


@pytest.fixture(scope="module")
def url(store, serve):
    return serve(shell.build_app(store), **shell.LAUNCH)


class Caller:
    """A session without a browser.

    Attributes:
        session: what the server knows it by.
    """

    def __init__(self, url):
        self._http = httpx.Client(base_url=f"{url}gradio_api/", timeout=SECONDS)
        self.session = uuid.uuid4().hex
        self.config = self._http.get(f"{url}config").json()

    def close(self):
        self._http.close()

    def post(self, path, **body):
        """Any JSON, NaN and Infinity too."""
        headers = {"content-type": "application/json"}
        return self._http.post(path, content=json.dumps(body), headers=headers)

    def endpoint(self, trigger, inputs=None):
        """The number of the server's function behind a trigger of the player, such as "branch".

        Args:
            inputs: how many it takes, where there are several functions.
        """
        (player,) = (
            each["id"]
            for each in self.config["components"]
            if each["props"].get("elem_id") == "pixelcnn-player"
        )
        return next(
            each["id"]
            for each in self.config["dependencies"]
            if each["backend_fn"]
            and [player, trigger] in [list(target) for target in each["targets"]]
            and inputs in (None, len(each["inputs"]))
        )

    @property
    def model(self):
        """The number of the component that holds the card's name."""
        (drawing,) = (
            each for each in self.config["dependencies"] if each["api_name"] == "draw_pixels"
        )
        return drawing["inputs"][0]

    def join(self, endpoint, data=(), event_data=None):
        """The last message's output of a queued event: {"data": …} or {"error": …}."""
        body = {"fn_index": endpoint, "data": list(data), "event_data": event_data}
        answer = self.post("queue/join", session_hash=self.session, trigger_id=1, **body)
        assert answer.status_code == 200, answer.text
        parameters = {"session_hash": self.session}
        with self._http.stream("GET", "queue/data", params=parameters) as stream:
            for line in stream.iter_lines():
                message = json.loads(line.removeprefix("data: ")) if line else {}
                if message.get("msg") == "process_completed":
                    return message["output"]
        raise AssertionError("the stream ended without an answer")

    def draw(self, *data):
        """Every message of the public endpoint: (event, content)."""
        answer = self.post("call/draw_pixels", data=list(data), session_hash=self.session)
        assert answer.status_code == 200, answer.text
        path = f"call/draw_pixels/{answer.json()['event_id']}"
        with self._http.stream("GET", path) as stream:
            lines = [line for line in stream.iter_lines() if line]
        pairs = zip(lines[::2], lines[1::2], strict=True)
        return [
            (event.removeprefix("event: "), json.loads(content.removeprefix("data: ")))
            for event, content in pairs
        ]


@pytest.fixture(scope="module")
def make_caller(url):
    callers = []

    def call():
        callers.append(Caller(url))
        return callers[-1]

    yield call
    for caller in callers:
        caller.close()


@pytest.fixture(scope="module")
def caller(make_caller):
    return make_caller()


@pytest.fixture(scope="module")
def card(store):
    return page_of_pixelcnn.offered_cards(store)[0].name


@pytest.fixture(autouse=True)
def nothing_unforeseen(caplog):
    """No forgery may reach the code behind our checks."""
    yield
    assert [each.message for each in caplog.records if each.levelno >= logging.ERROR] == []


@pytest.fixture(scope="module")
def expected(store, card):
    model = store.get(card)
    return quantise(sample(model, seed=3, count=1), 2)[:, 0].numpy()


@pytest.fixture
def all_is_well(make_caller, card, expected):
    """Ends a test by drawing as usual, in another session."""
    yield
    assert_draws(make_caller().draw(card, 1, 3, 1.0, "wavefront", *FREE), expected)


def payload_of(messages):
    """The whole payload: the diffs of a growing text put together."""
    text = ""
    for event, content in messages:
        assert event in ("generating", "complete"), content
        change = content[0]
        if isinstance(change, str):
            text = change
        elif isinstance(change, list):
            for kind, path, tail in change:
                assert (kind, path) == ("append", []), change
                text += tail
    return text


def assert_draws(messages, expected):
    decoded = decode(payload_of(messages))
    assert decoded.is_complete
    assert (decoded.pictures() == expected).all()


def assert_refused(output, remedy):
    said = output["error"]
    assert isinstance(said, str), "there is no message"
    assert re.search(remedy, said), said
    assert len(said) < 250
    assert not [leak for leak in LEAKS if leak in said], said


SEEDS = "Seed must be a whole number from 0 to 4294967295. Change it"
HEAT = r"Temperature must be a number from 0\.1 to 3\. Change it"
MODEL = "There is no model called .* Choose one of: "
ORDER = "Order must be one of raster, wavefront. Change it"
CLASS = "was trained without classes. Choose “Any class”"
GUIDANCE = "Guidance must be a number from 0 to 5. Change it"
FREE = ("any", 1.0, 1.0, 1)  # no class, no guidance, all levels, the training size
FREELY = {"label": "any", "guidance": 1.0, "top_p": 1.0, "scale": 1}

FORGED_SETTINGS = {
    "seed": [
        ({"seed": each}, SEEDS)
        for each in (-1, 2**32, HUGE, -HUGE, 1.5, NAN, INFINITY, "0", None, True, [0], {"a": 1},
                     nested(100), "9" * 10_000)
    ],
    "temperature": [
        ({"temperature": each}, HEAT)
        for each in (0, 0.09, 3.01, -1, NAN, INFINITY, -INFINITY, HUGE, "1", "hot", None, False,
                     [1.0], {})
    ],
    "model": [
        ({"card": each}, MODEL)
        for each in ("../x", "../../etc/passwd", "pixelcnn-mnist.safetensors", "", None, 0, [],
                     {}, ["pixelcnn-mnist"], "x" * 10_000, "\x00", "__class__", FORGED_PAYLOAD)
    ],
    "images": [
        ({"images": each}, "Images must be one of 1, 4, 16. Change it")
        for each in (7, 0, -1, 1.0, "1", None, True, NAN, HUGE, [1], 10**9)
    ],
    "order": [
        ({"order": each}, ORDER)
        for each in ("column", "naive", "", None, 0, ["raster"], {"raster": 1}, "x" * 10_000)
    ],
    "class": [
        ({"label": each}, CLASS)
        for each in (0, -1, 10, "7", None, NAN, HUGE, [1], {}, "x" * 10_000)
    ],
    "guidance": [
        ({"guidance": each}, GUIDANCE)
        for each in (-0.1, 5.1, NAN, INFINITY, HUGE, "1", None, True, [1.0], {})
    ],
    "top-p": [
        ({"top_p": each}, "Top-p must be a number from 0 to 1. Change it")
        for each in (-0.1, 1.1, NAN, INFINITY, HUGE, "1", None, True, [1.0], {})
    ],
    "size": [
        ({"scale": each}, "Size must be one of 1, 2, 4. Change it")
        for each in (0, 3, 28, 1.0, NAN, HUGE, "1", None, True, [1], {})
    ],
}  # fmt: skip


@pytest.mark.parametrize("setting", FORGED_SETTINGS)
def test_a_setting_that_is_not_offered_is_refused_with_a_remedy(caller, card, setting, all_is_well):
    right = {"card": card, "images": 1, "seed": 0, "temperature": 1.0, "order": "raster"}
    right |= FREELY

    for wrong, remedy in FORGED_SETTINGS[setting]:
        ((event, output),) = caller.draw(*(right | wrong).values())
        assert event == "error"
        assert_refused(output, remedy)


@pytest.mark.parametrize("images", [4, 16])
def test_the_last_image_s_seed_counts_too(caller, card, images, all_is_well):
    ((_, output),) = caller.draw(card, images, 2**32 - images + 1, 1.0, "raster", *FREE)

    assert_refused(output, f"Seed must be a whole number from 0 to {2**32 - images}")


def test_too_few_values_are_an_error_that_tells_nothing(caller, card, all_is_well):
    """Gradio refuses them before we are asked, so there is no remedy; but no path either."""
    for data in ([], [card], [card, 1, 0, 1.0]):
        ((event, output),) = caller.draw(*data)
        assert (event, output) == ("error", {"error": None})


def test_surplus_values_and_a_forged_canvas_change_nothing(caller, card, expected):
    settings = [card, 1, 3, 1.0, "wavefront", *FREE]

    for surplus in ([None, FORGED_PAYLOAD], [{"opening": "x"}], [None, NAN, nested(50)]):
        assert_draws(caller.draw(*settings, *surplus), expected)


def test_no_event_takes_the_player_s_picture(caller):
    (player,) = (
        each["id"]
        for each in caller.config["components"]
        if each["props"].get("elem_id") == "pixelcnn-player"
    )

    assert not [each for each in caller.config["dependencies"] if player in each["inputs"]]


JUNK = [None, 0, "x", [], ["run"], {}, nested(50), FORGED_PAYLOAD]
UNKNOWN_RUNS = [
    *JUNK,
    *(
        {"run": each}
        for each in (None, "", "other", 0, HUGE, [], ["opening"], {"a": 1}, "x" * 9999)
    ),
    {"position": 3, "index": [0, 3, 3]},
]


@pytest.mark.parametrize(
    ("trigger", "inputs"),
    [("branch", [0, 1.0, 1.0, None]), ("select", [None]), ("select", [None, 1])],
)
def test_an_event_about_an_unknown_run_is_refused(caller, trigger, inputs, all_is_well):
    endpoint = caller.endpoint(trigger, len(inputs))

    for event in UNKNOWN_RUNS:
        assert_refused(caller.join(endpoint, inputs, event), "no longer known here. Press Draw")


def test_a_branch_to_nowhere_is_refused(caller, all_is_well):
    endpoint = caller.endpoint("branch")

    for position in (None, 0, 784, -1, HUGE, NAN, INFINITY, 3.5, "3", [3], {"a": 3}, nested(50)):
        output = caller.join(
            endpoint, [0, 1.0, 1.0, None], {"run": "opening", "position": position}
        )
        assert_refused(output, "The pixel to branch at must be a whole number from 1 to 783")


def test_a_branch_with_wrong_settings_is_refused(caller, all_is_well):
    endpoint, event = caller.endpoint("branch"), {"run": "opening", "position": 300}

    for seed in (-1, 2**32, NAN, "0", None, [0]):
        assert_refused(caller.join(endpoint, [seed, 1.0, 1.0, None], event), SEEDS)
    for temperature in (0, NAN, "1", None, [1]):
        assert_refused(caller.join(endpoint, [0, temperature, 1.0, None], event), HEAT)


def test_a_click_beside_the_picture_is_refused(caller, all_is_well):
    endpoint = caller.endpoint("select", 1)

    def told(index):
        return caller.join(endpoint, [None], {"run": "opening", "index": index, "value": 0})

    for index in (None, 3, "abc", [], [0, 0], [0, 0, 0, 0], {"0": 0}, nested(50)):
        assert_refused(told(index), "The click did not arrive whole. Click the pixel again")
    for wrong in (-1, 28, HUGE, NAN, 1.5, "0", None, [0]):
        assert_refused(told([wrong, 0, 0]), "Image must be a whole number from 0 to 0")
        assert_refused(told([0, wrong, 0]), "Row must be a whole number from 0 to 27")
        assert_refused(told([0, 0, wrong]), "Column must be a whole number from 0 to 27")


def test_a_file_in_an_event_is_not_read(caller, all_is_well):
    """Gradio refuses it before we are asked, and names the caller's own path."""
    file = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}

    for trigger, inputs in (("branch", [0, 1.0, 1.0, None]), ("select", [None])):
        event = {"run": "opening", "position": 3, "index": [0, 3, 3], "file": file}
        output = caller.join(caller.endpoint(trigger, len(inputs)), inputs, event)
        assert output["error"] == (
            "File /etc/passwd is not in the cache folder and cannot be accessed."
        )


def test_every_other_endpoint_refuses_a_forged_model(caller, all_is_well):
    models = [
        each["id"]
        for each in caller.config["dependencies"]
        if each["backend_fn"] and each["inputs"] == [caller.model]
    ]  # fmt: skip
    assert len(models) >= 5, "four claims and the layer table"

    for endpoint in models:
        for forged in ("../x", 7, [], {}, "x" * 10_000, nested(50)):
            output = caller.join(endpoint, [forged])
            if "error" in output:
                assert_refused(output, MODEL)


def test_a_state_is_kept_by_the_server_and_not_taken_from_a_caller(caller, card, all_is_well):
    forged = {"mine": {"card": card, "images": 1, "order": "raster", "segments": []}}

    output = caller.join(
        caller.endpoint("branch"), [0, 1.0, 1.0, forged], {"run": "mine", "position": 3}
    )

    assert_refused(output, "no longer known here")


def test_a_run_of_another_session_is_not_known(make_caller, card, all_is_well):
    one, other = make_caller(), make_caller()
    name = decode(payload_of(one.draw(card, 1, 3, 1.0, "wavefront", *FREE))).settings.run
    event = {"run": name, "position": 300, "index": [0, 3, 3], "value": 0}

    for trigger, inputs in (("branch", [0, 1.0, 1.0, None]), ("select", [None])):
        endpoint = one.endpoint(trigger, len(inputs))
        assert "error" not in one.join(endpoint, inputs, event)
        assert_refused(other.join(endpoint, inputs, event), "no longer known here")


@pytest.mark.parametrize(
    "body", ["", "[", '{"data": [1, 2', '{"data": "x"}', '{"data": 7}', "[" * 100_000]
)
def test_a_broken_request_is_refused_without_a_word_about_us(caller, body, all_is_well):
    headers = {"content-type": "application/json"}
    for path in ("call/draw_pixels", "queue/join"):
        answer = caller._http.post(path, content=body, headers=headers)
        assert 400 <= answer.status_code < 500
        assert not [leak for leak in LEAKS if leak in answer.text]


def test_nobody_skips_the_queue(caller, card, all_is_well):
    for route in ("run", "api"):
        answer = caller.post(f"{route}/draw_pixels", data=[card, 16, 0, 1.0, "raster", *FREE, None])
        assert answer.status_code == 404
        assert "join the queue" in answer.text


def test_a_run_of_somebody_else_goes_on_undisturbed(
    make_caller, caller, card, expected, monkeypatch
):
    draw, started, gate = page_of_pixelcnn.draw_run, threading.Event(), threading.Event()

    def held(*arguments):
        pieces = draw(*arguments)
        yield next(pieces)
        started.set()
        while not gate.wait(0.02):
            yield ""
        yield from pieces

    monkeypatch.setattr(page_of_pixelcnn, "draw_run", held)
    somebody, messages = make_caller(), []
    run = threading.Thread(
        target=lambda: messages.extend(somebody.draw(card, 1, 3, 1.0, "wavefront", *FREE))
    )
    run.start()
    assert started.wait(SECONDS)
    for forged in FORGED_SETTINGS.values():
        wrong, remedy = forged[0]
        right = {"card": card, "images": 1, "seed": 0, "temperature": 1.0, "order": "raster"}
        right |= FREELY
        ((_, output),) = caller.draw(*(right | wrong).values())
        assert_refused(output, remedy)
    for event in UNKNOWN_RUNS:
        caller.join(caller.endpoint("branch"), [0, 1.0, 1.0, None], event)

    gate.set()
    run.join(SECONDS)

    assert_draws(messages, expected)
