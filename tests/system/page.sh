#!/bin/sh
# The page in a real browser, against the real daemon. Skipped where npm cannot be reached.
# tests/run: beside others
exec node tests/page/browser.mjs "$@"
