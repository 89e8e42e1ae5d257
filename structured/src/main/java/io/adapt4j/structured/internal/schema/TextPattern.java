package io.adapt4j.structured.internal.schema;

import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.regex.CharDfa;
import org.jspecify.annotations.Nullable;

/** An expression as a grammar and, computed lazily, as an automaton. */
final class TextPattern {

  private final Node node;
  private @Nullable CharDfa automaton;

  TextPattern(Node node) {
    this.node = node;
  }

  Node node() {
    return node;
  }

  CharDfa automaton() {
    CharDfa known = automaton;
    if (known == null) {
      known = CharDfa.of(node);
      automaton = known;
    }
    return known;
  }
}
