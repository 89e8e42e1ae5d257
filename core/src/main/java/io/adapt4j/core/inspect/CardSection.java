package io.adapt4j.core.inspect;

/**
 * A section of a model card.
 *
 * @param level the heading's level, 1 to 6
 * @param heading the heading's text without markup
 * @param text the Markdown below the heading up to the next one of the same or a higher level, so
 *     subsections are part of it
 */
record CardSection(int level, String heading, String text) {}
