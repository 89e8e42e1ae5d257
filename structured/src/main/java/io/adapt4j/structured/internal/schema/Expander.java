package io.adapt4j.structured.internal.schema;

import java.util.Collection;
import java.util.List;
import java.util.Set;

/** Resolves references and combinations of schemas. */
interface Expander {

  /** Returns the alternatives of schemas that must all apply. */
  List<Set<Part>> of(Collection<Part> parts);
}
