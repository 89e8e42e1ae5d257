package io.adapt4j.structured.internal.schema;

import io.adapt4j.structured.internal.grammar.Node;
import java.util.List;

/** How the values of schemas are written. */
interface Values {

  /** The values that all of some schemas hold for. */
  Node value(List<Part> schemas);

  JsonTexts texts();

  Expander expansion();
}
