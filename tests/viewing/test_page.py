"""The page in a real browser."""

import numpy as np
import pytest
from PIL import Image

from mmext.inference.class_codes import COLOURS, TARGET
from mmext.viewing import MapView
from mmext.viewing.sheets import find_sheets

from .builders import GROUND, picture, verdicts, write_cog, write_map
from .chromium import Chromium, find_chromium
from .conftest import served

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine"),
]
READY = "document.querySelector('#map')?.getAttribute('aria-busy') === 'false'"
#: Beside the objects and candidates, in shares of the sheet's width and height.
LEFT, RIGHT, NO_DATA = (0.25, 0.8), (0.55, 0.9), (0.25, 0.03)


@pytest.fixture
def browser(tmp_path):
    browser = Chromium(tmp_path / "profile")
    yield browser
    browser.close()


@pytest.fixture
def bare(tmp_path):
    """A map without a review."""
    folder = write_map(tmp_path / "map")
    with served(MapView(find_sheets(folder, []), None, tmp_path)) as server:
        yield server


def open_page(browser, server, width=1280, height=800):
    browser.open(server.address, width, height)
    browser.wait(READY)


def colour_at(browser, place, width=None):
    """RGB where a share of a sheet lies that fills the map from top to bottom."""
    shown = browser.picture().astype(int)
    box = browser.run(
        "(({x, y, width, height}) => [x, y, width, height])"
        "(document.querySelector('#map').getBoundingClientRect())"
    )
    side = min(box[2:])
    x = box[0] + (box[2] - side) / 2 + place[0] * side
    y = box[1] + (box[3] - side) / 2 + place[1] * side
    return shown[round(y), round(x)]


def near(found, expected, by=6):
    return np.abs(np.subtract(found, expected)).max() <= by


def slide(browser, threshold):
    slider = "document.querySelector('#threshold')"
    browser.run(f"{slider}.value = {threshold}")
    browser.run(f"{slider}.dispatchEvent(new Event('input'))")
    browser.run("new Promise(done => setTimeout(done, 300))")


def test_pixels_are_painted_and_the_slider_moves_them(browser, bare):
    open_page(browser, bare)
    assert near(colour_at(browser, LEFT), GROUND)
    right = colour_at(browser, RIGHT)
    assert not near(right, GROUND, 60)  # 0.8 is above the threshold
    before = len(browser.requests())
    slide(browser, 0.15)
    assert not near(colour_at(browser, LEFT), GROUND, 20)
    assert near(colour_at(browser, RIGHT), right)
    assert near(colour_at(browser, NO_DATA), GROUND)
    slide(browser, 0.85)
    assert near(colour_at(browser, LEFT), GROUND)
    assert near(colour_at(browser, RIGHT), GROUND)
    # All of that on the GPU: nothing was fetched again.
    assert len(browser.requests()) == before
    # Stored as 200 steps of 1/250, which is 0.8 and nothing less.
    slide(browser, 0.8)
    assert near(colour_at(browser, RIGHT), right)
    slide(browser, 0.81)
    assert near(colour_at(browser, RIGHT), GROUND)
    assert browser.complaints() == []


def test_a_channel_by_itself(browser, bare):
    open_page(browser, bare)
    browser.run(
        "(select => { select.value = 2; select.dispatchEvent(new Event('change')); })"
        "(document.querySelector('#channel'))"
    )
    slide(browser, 0.5)  # of channel error nothing is above 0.4
    assert near(colour_at(browser, RIGHT), GROUND)
    slide(browser, 0.35)
    assert not near(colour_at(browser, RIGHT), GROUND, 20)


def test_layers_come_and_go(browser, bare):
    open_page(browser, bare)
    browser.click('[data-layer="probability"] input')
    browser.wait(READY)
    slide(browser, 0.5)
    assert near(colour_at(browser, RIGHT), GROUND)
    browser.click('[data-layer="classes"] input')
    browser.wait(READY)
    slide(browser, 0.5)
    expected = 0.7 * np.array(COLOURS[TARGET][:3]) + 0.3 * np.array(GROUND)
    assert near(colour_at(browser, RIGHT), expected, 8)
    assert near(colour_at(browser, LEFT), GROUND)
    assert (
        browser.run("document.querySelector('#objects-note').textContent") == "2 here"
    )


def test_from_sheet_to_sheet(browser, tmp_path):
    folder = write_map(tmp_path / "map")
    # Another system, and no map of it.
    colour = (200, 120, 20)
    other = write_cog(tmp_path / "x.tif", picture(colour), "EPSG:3857", (9e5, 8e5))
    jpeg = write_cog(tmp_path / "y.tif", picture(colour), compress="jpeg")
    plain = tmp_path / "z.png"
    Image.fromarray(picture(colour).transpose(1, 2, 0)).save(plain)
    sheets = find_sheets(folder, [other, jpeg, plain])
    with served(MapView(sheets, None, tmp_path)) as server:
        open_page(browser, server)
        chosen = "document.querySelector('#sheet')"
        for number in (1, 2, 3, 0):
            browser.run(f"{chosen}.value = {number}")
            browser.run(f"{chosen}.dispatchEvent(new Event('change'))")
            browser.wait(READY)
            expected = GROUND if number == 0 else colour
            assert near(colour_at(browser, LEFT), expected, 8), number
        assert browser.complaints() == []


def test_nothing_comes_from_elsewhere(browser, bare):
    open_page(browser, bare)
    own = f"http://127.0.0.1:{bare.server_port}/"
    assert len(browser.requests()) > 8
    strange = [
        address
        for address in browser.requests()
        if not address.startswith((own, f"blob:{own}", "data:"))
    ]
    assert strange == []
    # And the token is no longer where it could be copied.
    assert browser.run("location.href") == own


def test_verdicts_by_keys_are_saved(browser, server, folder):
    open_page(browser, server)
    text = "document.querySelector('#%s').textContent"
    assert browser.run(text % "kind") == "missing target"
    # The one that lies on no sheet can't be judged here, and that is said.
    assert browser.run(text % "place") == "1 of 2"
    assert "1 more lie on no sheet" in browser.run(text % "judged")
    browser.press("a")
    browser.wait(f"{text % 'place'} === '2 of 2'")
    assert verdicts(folder / "review.gpkg") == ["accept", "unsure", ""]
    browser.press("r")
    browser.wait(
        "document.querySelector('[data-verdict=reject]').ariaPressed === 'true'"
    )
    assert verdicts(folder / "review.gpkg") == ["accept", "reject", ""]
    # Once more takes it back.
    browser.click("[data-verdict=reject]")
    browser.wait(f"{text % 'judged'}.startsWith('1 judged')")
    assert verdicts(folder / "review.gpkg") == ["accept", "", ""]
    browser.press("p")
    assert browser.run(text % "place") == "1 of 2"
    assert browser.complaints() == []


def test_a_verdict_that_can_not_be_saved_is_not_shown_as_if(browser, server, folder):
    open_page(browser, server)
    (folder / "review.gpkg").rename(folder / "renamed.gpkg")
    browser.press("a")
    browser.wait("!document.querySelector('#problem').hidden")
    said = browser.run("document.querySelector('#problem').textContent")
    assert "no such file" in said
    pressed = "document.querySelectorAll('[aria-pressed=true]').length"
    assert browser.run(pressed) == 0


def test_a_candidate_is_in_the_middle_in_its_colour(browser, server):
    open_page(browser, server)
    shown = browser.picture().astype(int)
    box = browser.run("document.querySelector('#map').getBoundingClientRect().width")
    middle = shown[300:500, int(box / 2) - 250 : int(box / 2) + 250]
    blue = (np.abs(middle - (31, 90, 200)).max(axis=2) < 30).any(axis=0)
    assert blue.any()


@pytest.mark.parametrize("width", [390, 1280])
def test_it_is_readable(browser, server, width):
    open_page(browser, server, width, 844)
    assert browser.run("document.documentElement.scrollWidth") == width
    cut = browser.run(
        """[...document.querySelectorAll('aside *')].filter(element => {
          const {left, right, width} = element.getBoundingClientRect();
          return width && (left < -1 || right > innerWidth + 1);
        }).map(element => element.outerHTML.slice(0, 80))"""
    )
    assert cut == []
    box = "document.querySelector('#map').getBoundingClientRect()"
    assert browser.run(f"{box}.height") >= 0.44 * 844
    # Verdicts are in reach without scrolling.
    accept = "document.querySelector('[data-verdict=accept]').getBoundingClientRect()"
    assert browser.run(f"{accept}.bottom") <= 844
    assert browser.run(f"{accept}.height") >= 40


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4326", None])
def test_any_coordinate_system(browser, tmp_path, crs):
    corner = (39.2, -6.1) if crs == "EPSG:4326" else (5e5, 4e6)
    folder = write_map(tmp_path / "map", crs=crs, corner=corner)
    with served(MapView(find_sheets(folder, []), None, tmp_path)) as server:
        open_page(browser, server)
        assert near(colour_at(browser, LEFT), GROUND)
        assert not near(colour_at(browser, RIGHT), GROUND, 60)
        assert browser.complaints() == []
