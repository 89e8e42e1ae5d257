package io.adapt4j.jinja;

/** What stands after a bar. */
interface Filter {

  Object apply(Run run, Object value, Arguments arguments);
}
