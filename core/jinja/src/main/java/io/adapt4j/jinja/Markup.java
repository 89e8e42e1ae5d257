package io.adapt4j.jinja;

/** A text that is marked as escaped for HTML. */
record Markup(String text) {}
