package io.adapt4j.jinja;

/** A test, written after {@code is}. */
interface Test {

  boolean holds(Run run, Object value, Arguments arguments);
}
