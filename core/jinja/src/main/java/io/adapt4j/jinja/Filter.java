package io.adapt4j.jinja;

/** A filter, written after a bar. */
interface Filter {

  Object apply(Run run, Object value, Arguments arguments);
}
