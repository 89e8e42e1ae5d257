package io.adapt4j.core.template;

/** What stands after "is". */
interface Test {

  boolean holds(Run run, Object value, Arguments arguments);
}
