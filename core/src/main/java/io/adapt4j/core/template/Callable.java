package io.adapt4j.core.template;

/** What a template can call. */
interface Callable {

  Object call(Run run, Arguments arguments);
}
