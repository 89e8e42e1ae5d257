package io.adapt4j.jinja;

/** What a template can call. */
interface Callable {

  Object call(Run run, Arguments arguments);
}
