package io.adapt4j.structured.internal.schema;

import io.adapt4j.structured.internal.grammar.Node;
import java.util.List;

/** Texts of the values of schemas. */
interface Values {

  /** The values that conform to all schemas. */
  Node value(List<Part> schemas);

  JsonTexts texts();

  Expander expansion();
}
