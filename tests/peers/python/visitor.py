"""A person's browser without JavaScript."""

from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup
from demo import Person, newest_code

REDIRECTS = 20


class Page:
    def __init__(self, answer: requests.Response):
        self.address = answer.url
        self.document = BeautifulSoup(answer.text, "html.parser")

    def button(self, label: str):
        """The button with this label, or None."""
        buttons = self.document.select("form button[type=submit]")
        return next((button for button in buttons if button.get_text().strip() == label), None)

    def __str__(self) -> str:
        return self.document.get_text(" ", strip=True)


class Visitor:
    """Keeps cookies, follows redirects, and stops where the application would take over."""

    def __init__(self, application: str):
        """`application` is the beginning of the addresses that only the application can answer."""
        self.application = application
        self.browser = requests.Session()

    def open(self, address: str) -> Page | str:
        """Returns the page, or the address at the application that it leads to."""
        return self._follow(self.browser.get(address, allow_redirects=False, timeout=30))

    def press(self, page: Page | str, label: str, **values: str) -> Page | str:
        """Fills in the form of the button labelled `label` and presses it."""
        assert isinstance(page, Page), f'expected a page with "{label}", but was sent on to {page}'
        button = page.button(label)
        assert button is not None, f'no button "{label}" on the page: {page}'
        form = button.find_parent("form")
        fields = {field["name"]: field.get("value", "") for field in form.select("input[name]")}
        assert values.keys() <= fields.keys(), f"{values.keys() - fields.keys()} not on the page: {page}"
        fields |= values
        if name := button.get("name"):
            fields[name] = button.get("value", "")
        action = urljoin(page.address, form["action"])
        return self._follow(self.browser.post(action, fields, allow_redirects=False, timeout=30))

    def _follow(self, answer: requests.Response) -> Page | str:
        for _ in range(REDIRECTS):
            if not answer.is_redirect:
                return Page(answer)
            address = urljoin(answer.url, answer.headers["Location"])
            if address.startswith(self.application):
                return address
            answer = self.browser.get(address, allow_redirects=False, timeout=30)
        raise AssertionError(f"more than {REDIRECTS} redirects, the last to {answer.url}")


def sign_in(visitor: Visitor, address: str, person: Person) -> Page | str:
    """Walks through both doors from an authorization address, and allows what is asked for."""
    first = visitor.open(address)
    second = visitor.press(first, "Continue", username=person.username, password=person.password)
    assert not second.document.select("[role=alert]"), f"no passcode was asked for: {second}"
    after = visitor.press(second, "Continue", passcode=newest_code(person.number))
    if isinstance(after, Page) and after.button("Allow"):
        return visitor.press(after, "Allow")
    return after
