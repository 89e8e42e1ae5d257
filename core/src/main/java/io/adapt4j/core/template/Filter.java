package io.adapt4j.core.template;

/** What stands after a bar. */
interface Filter {

  Object apply(Run run, Object value, Arguments arguments);
}
