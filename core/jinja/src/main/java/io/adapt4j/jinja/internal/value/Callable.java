package io.adapt4j.jinja.internal.value;

/** A value that a template can call. */
public interface Callable {

  Object call(Run run, Arguments arguments);
}
