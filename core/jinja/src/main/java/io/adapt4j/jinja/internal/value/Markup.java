package io.adapt4j.jinja.internal.value;

/** A text that is marked as escaped for HTML. */
public record Markup(String text) {}
