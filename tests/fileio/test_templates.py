import pytest
from jinja2 import UndefinedError

from mmext.fileio.templates import templates_of


@pytest.fixture
def environment():
    return templates_of("mmext.reporting")


def test_what_is_put_in_is_escaped(environment):
    page = environment.from_string("<p>{{ text }}</p>")
    assert (
        page.render(text="a < b & <script>") == "<p>a &lt; b &amp; &lt;script&gt;</p>"
    )


def test_a_missing_name_is_refused(environment):
    with pytest.raises(UndefinedError, match="text"):
        environment.from_string("{{ text }}").render()


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("mmext.reporting", "page.html"),
        ("mmext.mapping.label_review", "contact_sheet.html"),
    ],
)
def test_a_package_has_its_own_templates(package, name):
    assert templates_of(package).list_templates().count(name) == 1
