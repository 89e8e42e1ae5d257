package io.adapt4j.structured.internal.schema;

import java.util.Collection;
import java.util.List;
import java.util.Set;

/** Follows references and combinations of schemas. */
interface Expander {

  /** The alternatives of schemas that must all hold. */
  List<Set<Part>> of(Collection<Part> parts);
}
