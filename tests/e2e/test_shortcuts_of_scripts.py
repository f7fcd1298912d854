"""The shortcuts give what gradio's own words give, and a page with them works as before."""

import gradio as gr
import pytest
from playwright.sync_api import expect

from genlab.ui import shell
from genlab.ui.quicker_scripts import ASSETS, SHORTCUTS, quicker_scripts

LAYING_ASIDE, ONCE, ATTACHED = SHORTCUTS


@pytest.fixture(scope="module")
def url(serve):
    with gr.Blocks(analytics_enabled=False) as blocks:
        one, other = gr.Textbox(label="one"), gr.Textbox(label="other")
        told = gr.Textbox(label="told")
        counted = gr.Number(0, label="counted")
        gr.on([one.submit, other.submit], lambda a, b: f"{a}+{b}", [one, other], told)
        one.submit(lambda n: n + 1, counted, counted).then(lambda n: n + 10, counted, counted)
        told.change(None, js="() => { window.changed = (window.changed || 0) + 1; }")
        blocks.load(lambda: "ready", outputs=told)
    return serve(blocks, **shell.LAUNCH)


def test_events_run_as_before(page, url):
    tab = page(url)
    told, counted = tab.get_by_label("told"), tab.get_by_label("counted")
    expect(told).to_have_value("ready")

    tab.get_by_label("one").fill("a")
    tab.get_by_label("one").press("Enter")
    expect(told).to_have_value("a+")
    expect(counted).to_have_value("11")
    tab.get_by_label("other").fill("b")
    tab.get_by_label("other").press("Enter")
    expect(told).to_have_value("a+b")
    expect(counted).to_have_value("11")
    tab.wait_for_function("() => window.changed >= 3")


def test_the_page_runs_the_scripts_with_shortcuts(page, url):
    tab = page(url)
    expect(tab.get_by_label("told")).to_have_value("ready")

    for name, content in quicker_scripts().items():
        loaded = tab.evaluate(
            "name => performance.getEntriesByType('resource').some(e => e.name.endsWith(name))",
            name,
        )
        assert loaded, name
        served = tab.evaluate("name => fetch('/assets/' + name).then(r => r.text())", name)
        assert served == content.decode()


def test_each_component_is_told_the_same_events(page, url):
    """All components of a page whose events have one target, several, the same twice, or none."""
    events = [
        {"targets": [[1, "change"]]},
        {"targets": [[1, "submit"], [2, "submit"]]},
        {"targets": [[2, "input"], [2, "blur"], [3, "click"]]},
        {"targets": []},
        {"targets": [[4, None], [1, "change"]]},
    ]
    expected, found = page(url).evaluate(
        """([events, words, instead, after]) => {
            const ask = (body, extra) => {
                const asked = new Function("t", "e", extra + body + "return n;");
                return [1, 2, 3, 4, 5].map((id) => asked(events, { id }));
            };
            const kept = new Function(after + "return genlabEventsOf;")();
            window.genlabEventsOf = kept;
            return [ask(words, ""), ask(instead, "")];
        }""",
        [events, ATTACHED.words, ATTACHED.instead, ATTACHED.after],
    )

    assert found == expected
    assert expected == [["change", "submit", "change"], ["submit", "input"], ["click"], [], []]


def test_an_event_that_comes_later_is_told_too(page, url):
    names = page(url).evaluate(
        """after => {
            const ask = new Function(after + "return genlabEventsOf;")();
            const events = [{ targets: [[1, "change"]] }];
            const before = ask(events, 1);
            before.push("of the caller alone");
            events.push({ targets: [[1, "blur"]] });
            return [before, ask(events, 1)];
        }""",
        ATTACHED.after,
    )

    assert names == [["change", "of the caller alone"], ["change", "blur"]]


@pytest.mark.parametrize(("settings", "looked"), [({}, 0), ({"label": "louder"}, 1)])
def test_settings_of_an_event_are_laid_aside_and_brought_back(page, url, settings, looked):
    def method(script):
        start = script.index("async set_event_args(")
        return script[start : script.index("}async cancel(", start) + 1]

    name = next(ASSETS.glob(LAYING_ASIDE.files)).name
    scripts = (ASSETS / name).read_text(encoding="utf8"), quicker_scripts()[name].decode()
    own, quicker = page(url).evaluate(
        """([methods, settings]) => Promise.all(methods.map(async (method) => {
            const log = [];
            let looked = 0;
            const manager = new Function(`return {${method}}`)();
            manager.get_state_cb = async () => { looked += 1; return { label: "quiet" }; };
            manager.update_state_cb = async (...asked) => log.push(asked);
            (await manager.set_event_args(7, settings))();
            return { looked, log };
        }))""",
        [[method(script) for script in scripts], settings],
    )

    assert own["log"] == quicker["log"]
    assert (own["looked"], quicker["looked"]) == (1, looked)
    assert bool(own["log"]) == bool(settings)


def opened_counting(tab, url, *, own):
    """How often the page is built again as it opens, and what stands on it."""
    again = "reload(e,t,n,r){this.#t=t"
    (core,) = (name for name in quicker_scripts() if name.startswith("core-"))
    (blocks,) = (name for name in quicker_scripts() if name.startswith("Blocks-"))
    scripts = {name: content.decode() for name, content in quicker_scripts().items()}
    assert scripts[core].count(again) == 1
    counting = scripts[core].replace(again, again.replace("{", "{window.again++;", 1))
    shown = (ASSETS / blocks).read_text(encoding="utf8") if own else scripts[blocks]
    kind = "application/javascript"
    tab.add_init_script("window.again = 0;")
    tab.route(f"**/assets/{core}", lambda route: route.fulfill(body=counting, content_type=kind))
    tab.route(f"**/assets/{blocks}", lambda route: route.fulfill(body=shown, content_type=kind))
    tab.goto(url)
    expect(tab.get_by_label("told")).to_have_value("ready")
    return tab.evaluate("[window.again, document.querySelector('.gradio-container').innerText]")


def test_a_page_is_built_once_and_looks_as_if_it_had_been_built_twice(page, url):
    own, once = (opened_counting(page(url), url, own=own) for own in (True, False))

    assert (own[0], once[0]) == (1, 0)
    assert own[1] == once[1]
    assert "counted" in once[1]


@pytest.mark.parametrize("loaded", [0, 1, 2])
def test_settings_that_are_loaded_anew_build_it_again(page, url, loaded):
    """And both words read the count, which is what tells the page to look again."""
    own, once = page(url).evaluate(
        """([beginnings, count]) => beginnings.map((words) => {
            const log = [];
            const run = new Function("v", "oe", "O", "r", `(() => ${words} 1)})})()`);
            run(() => { log.push("read"); return count; }, (effect) => effect(),
                { reload: () => log.push("built") }, {});
            return log;
        })""",
        [[ONCE.words, ONCE.instead], loaded],
    )

    assert own == ["read", "built"]
    assert once == (own if loaded else ["read"])
