package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Run;

/** A test, written after {@code is}. */
public interface Test {

  boolean holds(Run run, Object value, Arguments arguments);
}
