package io.adapt4j.jinja;

/** What stands after "is". */
interface Test {

  boolean holds(Run run, Object value, Arguments arguments);
}
