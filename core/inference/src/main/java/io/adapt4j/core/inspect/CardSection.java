package io.adapt4j.core.inspect;

/** A section of a model card. */
record CardSection(int level, String heading, String text) {}
