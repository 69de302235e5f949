"""A real browser, used as a person would: by what can be read on the page."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
)
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.e2e.waiting import eventually

# What a page says that is just drawing itself anew, or has something that moves in front.
_NOT_YET = (ElementClickInterceptedException, ElementNotInteractableException, StaleElementReferenceException)

_FLAGS = (
    "--headless",
    "--no-sandbox",  # Chromium refuses to sandbox itself as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# What it has loaded for one of these tests it need not load and compile again for the next: whom it knows is elsewhere.
_CACHE = tempfile.TemporaryDirectory(prefix="dbops-chromium-cache-", ignore_cleanup_errors=True)


@contextmanager
def chromium(height: int = 1000) -> Iterator[Chrome]:
    """A Chromium that knows nobody and looks nothing up outside; where there is none, the test fails and says so."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        missing = "chromium" if program is None else "chromedriver"
        pytest.fail(
            f"The browser tests need {missing}, which is not here: apt-get install chromium chromium-driver",
            pytrace=False,
        )
    options = ChromeOptions()
    options.binary_location = program
    with tempfile.TemporaryDirectory(prefix="dbops-chromium-", ignore_cleanup_errors=True) as profile:
        own = (f"--window-size=1400,{height}", f"--user-data-dir={profile}", f"--disk-cache-dir={_CACHE.name}")
        for flag in (*_FLAGS, *own):
            options.add_argument(flag)
        chrome = Chrome(options=options, service=ChromeService(driver))
        try:
            yield chrome
        finally:
            chrome.quit()


class Browser:
    """One window on Airflow's UI, for the users with these passwords; screenshots go to `folder`."""

    def __init__(self, chrome: Chrome, url: str, passwords: Mapping[str, str], folder: Path) -> None:
        self._chrome, self._url, self._passwords, self._folder = chrome, url, passwords, folder

    def open(self, address: str) -> None:
        """Open a path of Airflow's UI, or a whole address."""
        self._chrome.get(address if "://" in address else f"{self._url}{address}")

    def log_in(self, user: str) -> None:
        """Fill in the login page, which Airflow shows to whoever it does not know."""
        self.find("input[name=username]").send_keys(user)
        self.find("input[name=password]").send_keys(self._passwords[user])
        self.click("button[type=submit]")
        eventually(lambda: "/auth/login" not in self.address, f"{user} being let in")

    @property
    def address(self) -> str:
        return str(self._chrome.current_url)

    def find(self, css: str, saying: str = "") -> WebElement:
        """The first element on the screen, in the topmost dialog if there is one, that has these words."""

        def look() -> WebElement | None:
            try:
                scope = self._dialog() or self._chrome
                found = scope.find_elements(By.CSS_SELECTOR, css)
                return next((one for one in found if one.is_displayed() and saying in _words(one)), None)
            except StaleElementReferenceException:
                return None

        return eventually(look, f'{css} saying "{saying}" on {self.address}')

    def click(self, css: str, saying: str = "") -> None:
        """Click it as soon as it can be clicked."""

        def clicked() -> bool:
            try:
                self.find(css, saying).click()
            except _NOT_YET:
                return False
            return True

        eventually(clicked, f'a click on {css} saying "{saying}"')

    def choose(self, field: str, option: str) -> None:
        """Choose exactly this in one of a form's lists."""
        self.click(f"[id={field}]")
        self.find("[role=option]")

        def chosen() -> bool:
            options = self._chrome.find_elements(By.CSS_SELECTOR, "[role=option]")
            try:
                found = next((one for one in options if one.text == option), None)
                if found is not None:
                    found.click()
            except _NOT_YET:
                return False
            return found is not None

        eventually(chosen, f"{option} in the list {field}")

    def see(self, *words: str, seconds: float = 180.0) -> str:
        """Wait until the page, or its topmost dialog, shows all these words; its text."""

        def look() -> str | None:
            try:
                text = (self._dialog() or self._chrome.find_element(By.TAG_NAME, "body")).text
            except StaleElementReferenceException:
                return None
            return text if all(word in text for word in words) else None

        return eventually(look, f"{words} on {self.address}", seconds=seconds)

    @contextmanager
    def within_frame(self, title: str) -> Iterator[None]:
        """Look at, and click on, what stands in the frame of this title; Airflow's own page is around it again then."""
        eventually(lambda: self._chrome.find_elements(By.CSS_SELECTOR, f'iframe[title="{title}"]'), f"a frame {title}")
        self._chrome.switch_to.frame(self.find(f'iframe[title="{title}"]'))
        try:
            yield
        finally:
            self._chrome.switch_to.default_content()

    def count(self, css: str) -> int:
        """How many such elements there are."""
        return len(self._chrome.find_elements(By.CSS_SELECTOR, css))

    def ask(self, expression: str) -> Any:
        """What the page's own script would get for this."""
        return self._chrome.execute_script(f"return {expression}")

    def screenshot(self, name: str) -> Path:
        file = self._folder / f"{name}.png"
        self._chrome.save_screenshot(str(file))
        return file

    def _dialog(self) -> WebElement | None:
        """Popovers that are closed are dialogs too, and hidden."""
        dialogs = self._chrome.find_elements(By.CSS_SELECTOR, "[role=dialog]")
        return next((dialog for dialog in reversed(dialogs) if dialog.is_displayed()), None)


def _words(element: WebElement) -> str:
    return f"{element.text} {element.get_attribute('aria-label') or ''}"
