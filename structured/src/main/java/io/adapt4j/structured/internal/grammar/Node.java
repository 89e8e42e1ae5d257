package io.adapt4j.structured.internal.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A set of texts. Immutable, except that a rule gets its body after it is created. */
public sealed interface Node {

  /** No bound on a repetition. */
  int UNBOUNDED = Integer.MAX_VALUE;

  /** The empty text. */
  Node EMPTY = new Sequence(List.of());

  /** No text at all. */
  Node NOTHING = new Alternatives(List.of());

  /** Every character. */
  Node ANY = new Characters(CodePoints.ALL);

  /** A fixed text. */
  record Literal(String text) implements Node {

    /** {@return its bytes in UTF-8} */
    public byte[] bytes() {
      return text.getBytes(StandardCharsets.UTF_8);
    }
  }

  /** One character of a set. */
  record Characters(CodePoints set) implements Node {}

  /** Texts one after the other. */
  record Sequence(List<Node> parts) implements Node {}

  /** One of several texts. */
  record Alternatives(List<Node> choices) implements Node {}

  /** A text several times. */
  record Repeat(Node body, int min, int max) implements Node {}

  /** A use of a rule. */
  record Reference(Rule rule) implements Node {}

  /** Concatenates texts. */
  static Node sequence(Node... parts) {
    return sequence(List.of(parts));
  }

  /** Concatenates texts. */
  static Node sequence(List<Node> parts) {
    List<Node> flat = new ArrayList<>();
    StringBuilder fixed = new StringBuilder();
    for (Node part : parts) {
      if (part instanceof Alternatives none && none.choices().isEmpty()) {
        return NOTHING;
      }
      for (Node each : part instanceof Sequence inner ? inner.parts() : List.of(part)) {
        if (each instanceof Literal literal) {
          fixed.append(literal.text());
        } else if (each instanceof Characters characters && characters.set().isSingle()) {
          fixed.appendCodePoint(characters.set().first(0));
        } else {
          addFixed(fixed, flat);
          flat.add(each);
        }
      }
    }
    addFixed(fixed, flat);
    return flat.size() == 1 ? flat.get(0) : new Sequence(List.copyOf(flat));
  }

  /** Merges adjacent fixed texts. */
  private static void addFixed(StringBuilder fixed, List<Node> to) {
    if (!fixed.isEmpty()) {
      to.add(new Literal(fixed.toString()));
      fixed.setLength(0);
    }
  }

  /** Creates a choice of texts. */
  static Node alternatives(Node... choices) {
    return alternatives(List.of(choices));
  }

  /** Creates a choice of texts. */
  static Node alternatives(List<Node> choices) {
    List<Node> flat = new ArrayList<>();
    for (Node choice : choices) {
      if (choice instanceof Alternatives alternatives) {
        flat.addAll(alternatives.choices());
      } else {
        flat.add(choice);
      }
    }
    return flat.size() == 1 ? flat.get(0) : new Alternatives(List.copyOf(flat));
  }

  /** Returns a text or nothing. */
  static Node optional(Node body) {
    return alternatives(body, EMPTY);
  }

  /** Returns a fixed text. */
  static Node literal(String text) {
    return text.isEmpty() ? EMPTY : new Literal(text);
  }

  /** Repeats a text. */
  static Node repeat(Node body, int min, int max) {
    if (max == 0 || (body instanceof Sequence sequence && sequence.parts().isEmpty())) {
      return EMPTY;
    }
    if (min == 1 && max == 1) {
      return body;
    }
    // A part that may be empty is repeated up to a maximum instead: that does not multiply counts.
    if (body instanceof Repeat inner && inner.min() <= 1 && inner.max() == UNBOUNDED) {
      return min == 0 || inner.min() == 0
          ? new Repeat(inner.body(), 0, UNBOUNDED)
          : new Repeat(inner.body(), min, UNBOUNDED);
    }
    if (body instanceof Repeat inner && inner.min() == 0 && inner.max() == 1) {
      return repeat(inner.body(), 0, max);
    }
    if (body instanceof Alternatives alternatives && alternatives.choices().contains(EMPTY)) {
      return repeat(
          alternatives(
              alternatives.choices().stream().filter(choice -> !choice.equals(EMPTY)).toList()),
          0,
          max);
    }
    return new Repeat(body, min, max);
  }

  /** A named text that may contain itself. */
  final class Rule {

    private final String name;
    private @Nullable Node body;

    /** Creates a rule, whose body follows. */
    public Rule(String name) {
      this.name = name;
    }

    /** {@return the name} */
    public String name() {
      return name;
    }

    /** Sets the rule's body. */
    public void define(Node text) {
      body = text;
    }

    /** {@return the rule's body} */
    public Node body() {
      return Objects.requireNonNull(body, () -> "rule without a body: " + name);
    }

    /** {@return a use of the rule} */
    public Node reference() {
      return new Node.Reference(this);
    }

    @Override
    public String toString() {
      return name;
    }
  }
}
