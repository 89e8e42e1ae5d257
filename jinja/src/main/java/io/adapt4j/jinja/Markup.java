package io.adapt4j.jinja;

/** A text that counts as escaped for HTML. */
record Markup(String text) {}
