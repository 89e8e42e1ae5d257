package io.adapt4j.structured.internal.schema;

import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.regex.CharDfa;
import org.jspecify.annotations.Nullable;

/** An expression as a grammar and as an automaton, each computed lazily from the other. */
final class TextPattern {

  private @Nullable Node node;
  private @Nullable CharDfa automaton;

  TextPattern(Node node) {
    this.node = node;
  }

  TextPattern(CharDfa automaton) {
    this.automaton = automaton;
  }

  Node node() {
    Node known = node;
    if (known == null) {
      known = automaton().toNode("string");
      node = known;
    }
    return known;
  }

  CharDfa automaton() {
    CharDfa known = automaton;
    if (known == null) {
      known = CharDfa.of(node());
      automaton = known;
    }
    return known;
  }
}
