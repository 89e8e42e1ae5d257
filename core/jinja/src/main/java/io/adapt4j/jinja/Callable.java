package io.adapt4j.jinja;

/** A value that a template can call. */
interface Callable {

  Object call(Run run, Arguments arguments);
}
