//! The HTML report in a real browser, as a reader meets it.
//!
//! nextest sees a skip at run time as a pass. So the browser is looked for when tests are listed, and without one all
//! of them are listed as ignored; `scripts/test` says what is missing.

mod driver;
mod pages;

use driver::Browser;
use libtest_mimic::{Arguments, Trial};
use serde_json::json;
use std::process::ExitCode;

/// Keys as WebDriver has them.
const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

/// The ids of the rows of specs that a reader can see.
const VISIBLE: &str =
    "[...document.querySelectorAll('tr.row[id]')].filter(row => row.checkVisibility()).map(row => row.id)";

/// A promise that what was asked for has been drawn.
const NEXT_FRAME: &str = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))";

type Test = fn(&Browser);

fn main() -> ExitCode {
    let tests: [(&str, Test); 8] = [
        ("pages_load_without_a_word_from_the_console", pages_load_without_a_word_from_the_console),
        ("typing_filters_and_escape_clears", typing_filters_and_escape_clears),
        ("a_link_to_a_spec_opens_it", a_link_to_a_spec_opens_it),
        ("a_spec_opens_and_closes_by_keyboard", a_spec_opens_and_closes_by_keyboard),
        ("text_stands_out_in_every_scheme", text_stands_out_in_every_scheme),
        ("a_phone_shows_the_whole_width", a_phone_shows_the_whole_width),
        ("tables_say_what_they_are", tables_say_what_they_are),
        ("five_thousand_rows_cost_what_is_in_sight", five_thousand_rows_cost_what_is_in_sight),
    ];
    let ignored = !driver::is_here();
    let trial = |(name, test): (&str, Test)| {
        let run = move || {
            test(&Browser::start());
            Ok(())
        };
        Trial::test(name, run).with_ignored_flag(ignored)
    };
    libtest_mimic::run(&Arguments::from_args(), tests.map(trial).into()).exit_code()
}

fn pages_load_without_a_word_from_the_console(browser: &Browser) {
    for page in [pages::one(), pages::matrix(100)] {
        browser.open(&page.url(""));
        assert_eq!(browser.value("document.querySelectorAll('script, img').length"), 1, "markup came from a record");
        assert_eq!(browser.console(), json!([]));
        // Only what the page brought was loaded.
        assert_eq!(browser.value("performance.getEntriesByType('resource').length"), 0);
    }
}

fn typing_filters_and_escape_clears(browser: &Browser) {
    let page = pages::one();
    browser.open(&page.url(""));
    let all = browser.value(VISIBLE);
    browser.press("/READ eof");
    let some = browser.value(VISIBLE);
    assert_eq!(some, json!(["pipe.read-eof"]), "of {all}");
    assert_eq!(browser.value("document.activeElement.id"), "filter");
    let found = browser.value("document.getElementById('found').textContent");
    assert!(found.as_str().unwrap().ends_with(" rows"), "{found}");
    assert_eq!(browser.value("document.getElementById('mechanism-socketpair').checkVisibility()"), false);

    browser.press(ESCAPE);
    assert_eq!(browser.value(VISIBLE), all);
    browser.press("timeout");
    assert_eq!(browser.value(VISIBLE), json!(["pipe.made-up-timeout"]), "verdicts are words to find");
}

fn a_link_to_a_spec_opens_it(browser: &Browser) {
    let (one, matrix) = (pages::one(), pages::matrix(100));
    for (page, fragment, id) in [
        (&one, "#pipe.read-eof", "pipe.read-eof"),
        // A record's id has a layer, which is no row of its own.
        (&one, "#pipe.read-eof/raw", "pipe.read-eof"),
        // All columns agree on this one, and the page shows at first what differs.
        (&matrix, "#pipe.made-up-0049", "pipe.made-up-0049"),
    ] {
        let opened = format!(
            "(row => ({{ seen: (({{ left, top }}) => row.contains(document.elementFromPoint(left + 4, top + 4)))(
                    row.querySelector('a').getBoundingClientRect()),
                more: row.nextElementSibling.checkVisibility(),
                focus: row.contains(document.activeElement) }}))(document.getElementById('{id}'))"
        );
        let all = json!({ "seen": true, "more": true, "focus": true });
        browser.open(&page.url(fragment));
        browser.value(NEXT_FRAME);
        assert_eq!(browser.value(&opened), all, "{fragment}");
        // The same from within, with a filter that hides it.
        browser.open(&page.url(""));
        browser.press("/nothing has these words");
        assert_eq!(browser.value(VISIBLE), json!([]));
        browser.value(&format!("location.hash = '{fragment}'"));
        browser.value(NEXT_FRAME);
        assert_eq!(browser.value(&opened), all, "{fragment}, filtered");
    }

    browser.emulate("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    browser.open(&one.url("#pipe.read-eof"));
    let more = "document.getElementById('pipe.read-eof').nextElementSibling.checkVisibility()";
    assert_eq!(browser.value(more), true, "without the script");
}

fn a_spec_opens_and_closes_by_keyboard(browser: &Browser) {
    let page = pages::one();
    browser.open(&page.url("#mechanism-pipe"));
    browser.value("document.querySelector('#mechanism-pipe thead').insertAdjacentHTML('beforebegin', '<caption tabindex=0 id=here>')");
    browser.value("document.getElementById('here').focus()");
    browser.press(TAB);
    let first = "document.querySelector('#mechanism-pipe tr.row')";
    assert_eq!(browser.value(&format!("document.activeElement === {first}.querySelector('a')")), true);
    for open in [true, false, true] {
        browser.press(ENTER);
        assert_eq!(browser.value(&format!("{first}.nextElementSibling.checkVisibility()")), open);
        assert_eq!(browser.value("document.activeElement.ariaExpanded"), open.to_string());
    }
}

/// WCAG 2.2, 1.4.3: text has a contrast of 4.5 to 1.
fn text_stands_out_in_every_scheme(browser: &Browser) {
    let faint = r"(() => {
        const channels = colour => colour.match(/[\d.]+/g).map(Number);
        const luminance = ([r, g, b]) => [r, g, b].map(c => c / 255)
            .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
        const behind = element => {
            for (; element; element = element.parentElement) {
                const colour = channels(getComputedStyle(element).backgroundColor);
                if (colour[3] !== 0) return colour;
            }
        };
        const own = element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        return [...document.querySelectorAll('body *')].filter(e => own(e) && e.checkVisibility()).map(element => {
            const [low, high] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))]
                .sort((one, other) => one - other);
            return { text: element.textContent.slice(0, 40), contrast: (high + 0.05) / (low + 0.05) };
        }).filter(({ contrast }) => !(contrast >= 4.5));
    })()";
    for page in [pages::one(), pages::matrix(100)] {
        let mut pages = Vec::new();
        for (media, scheme) in [("screen", "light"), ("screen", "dark"), ("print", "dark")] {
            let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
            browser.emulate("Emulation.setEmulatedMedia", json!({ "media": media, "features": features }));
            browser.open(&page.url("#pipe.read-eof"));
            assert_eq!(browser.value(faint), json!([]), "{media}, {scheme}");
            pages.push(browser.value("getComputedStyle(document.documentElement).backgroundColor"));
        }
        assert_eq!(pages, ["rgb(255, 255, 255)", "rgb(16, 20, 26)", "rgb(255, 255, 255)"], "paper is white");
    }
}

fn a_phone_shows_the_whole_width(browser: &Browser) {
    let size = json!({ "width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true });
    browser.emulate("Emulation.setDeviceMetricsOverride", size);
    for page in [pages::one(), pages::matrix(100)] {
        browser.open(&page.url("#pipe.made-up-0001"));
        assert_eq!(browser.value("document.documentElement.scrollWidth"), 390);
    }
}

fn tables_say_what_they_are(browser: &Browser) {
    for page in [pages::one(), pages::matrix(100)] {
        browser.open(&page.url(""));
        for (wrong, what) in [
            ("table:not(:has(> caption))", "a table without a caption"),
            ("th:not([scope])", "a heading that is for nothing"),
            (".scroll:not([tabindex='0'][role][aria-label])", "a place that the keyboard cannot scroll"),
            ("input:not(label input)", "a field without a label"),
            ("section:not([aria-labelledby])", "a section without a name"),
        ] {
            assert_eq!(browser.value(&format!("document.querySelectorAll(`{wrong}`).length")), 0, "{what}");
        }
        let twice = "(ids => ids.filter((id, place) => ids.indexOf(id) !== place))([...document.querySelectorAll('[id]')].map(element => element.id))";
        assert_eq!(browser.value(twice), json!([]), "ids that stand twice");
        let dead = "[...document.querySelectorAll('a[href^=\"#\"]')].map(link => decodeURIComponent(link.hash.slice(1))).filter(id => !document.getElementById(id))";
        assert_eq!(browser.value(dead), json!([]), "links to nothing");
    }
}

/// Time is not judged, work is: how many rows are laid out, and how many are touched by a key.
fn five_thousand_rows_cost_what_is_in_sight(browser: &Browser) {
    let page = pages::matrix(5000);
    browser.open(&page.url("#specs"));
    let count = |expression: &str| browser.value(expression).as_u64().unwrap();
    let shown = format!("{VISIBLE}.length");
    let laid_out = "[...document.querySelectorAll('tr.row[id] td:last-child')].filter(cell => cell.checkVisibility({ contentVisibilityAuto: true })).length";
    assert_eq!(count(&shown), 900, "what differs");
    browser.value("document.getElementById('differs').click()");
    assert_eq!(count(&shown), 5000);
    browser.value(NEXT_FRAME);
    let rows = count(laid_out);
    assert!((1..300).contains(&rows), "{rows} rows are laid out");

    // Each key touches the rows that come or go, and what opens under them, and no other.
    browser.value(
        "(window.touched = 0, new MutationObserver(all => touched += all.filter(one => one.target.matches('#specs tr')).length)
            .observe(document.body, { attributes: true, subtree: true }), document.getElementById('filter').focus())",
    );
    let touched_by = |key: &str| {
        browser.press(key);
        let touched = count("new Promise(done => requestAnimationFrame(() => done(touched)))");
        browser.value("void (touched = 0)");
        touched
    };
    assert_eq!(touched_by("made-up-00"), 2 * 4900);
    assert_eq!(count(&shown), 100);
    assert_eq!(touched_by("4"), 2 * 90);
    assert_eq!(touched_by("2"), 2 * 9);
    assert_eq!(browser.value(VISIBLE), json!(["pipe.made-up-0042"]));
}
