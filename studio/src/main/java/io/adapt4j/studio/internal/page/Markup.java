package io.adapt4j.studio.internal.page;

/** HTML made by the studio itself, which templates print as it is. */
public record Markup(String html) {}
