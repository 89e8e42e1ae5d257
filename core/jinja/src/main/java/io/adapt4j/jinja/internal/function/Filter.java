package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Run;

/** A filter, written after a bar. */
public interface Filter {

  Object apply(Run run, Object value, Arguments arguments);
}
