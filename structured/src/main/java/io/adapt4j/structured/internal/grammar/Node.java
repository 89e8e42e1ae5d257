package io.adapt4j.structured.internal.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A set of texts. Immutable, except that a rule gets its body after it is made. */
public sealed interface Node {

  /** No bound on a repetition. */
  int UNBOUNDED = Integer.MAX_VALUE;

  /** The empty text. */
  Node EMPTY = new Sequence(List.of());

  /** No text at all. */
  Node NOTHING = new Alternatives(List.of());

  /** Every character. */
  Node ANY = new Characters(CodePoints.ALL);

  /**
   * A fixed text.
   *
   * @param text the text, without unpaired surrogates
   */
  record Literal(String text) implements Node {

    /** {@return its bytes in UTF-8} */
    public byte[] bytes() {
      return text.getBytes(StandardCharsets.UTF_8);
    }
  }

  /**
   * One character of a set.
   *
   * @param set the characters
   */
  record Characters(CodePoints set) implements Node {}

  /**
   * Texts one after the other.
   *
   * @param parts the texts
   */
  record Sequence(List<Node> parts) implements Node {}

  /**
   * One of several texts.
   *
   * @param choices the texts
   */
  record Alternatives(List<Node> choices) implements Node {}

  /**
   * A text several times.
   *
   * @param body the text
   * @param min the least number of times
   * @param max the greatest number of times, or {@link #UNBOUNDED}
   */
  record Repeat(Node body, int min, int max) implements Node {}

  /**
   * A use of a rule.
   *
   * @param rule the rule
   */
  record Reference(Rule rule) implements Node {}

  /**
   * Joins texts.
   *
   * @param parts the texts
   * @return one after the other
   */
  static Node sequence(Node... parts) {
    return sequence(List.of(parts));
  }

  /**
   * Joins texts.
   *
   * @param parts the texts
   * @return one after the other
   */
  static Node sequence(List<Node> parts) {
    List<Node> flat = new ArrayList<>();
    for (Node part : parts) {
      if (part instanceof Sequence sequence) {
        flat.addAll(sequence.parts());
      } else if (part.equals(NOTHING)) {
        return NOTHING;
      } else {
        flat.add(part);
      }
    }
    return flat.size() == 1 ? flat.get(0) : new Sequence(List.copyOf(flat));
  }

  /**
   * Offers texts.
   *
   * @param choices the texts
   * @return one of them
   */
  static Node alternatives(Node... choices) {
    return alternatives(List.of(choices));
  }

  /**
   * Offers texts.
   *
   * @param choices the texts
   * @return one of them
   */
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

  /**
   * Returns a text or nothing.
   *
   * @param body the text
   * @return the text or the empty one
   */
  static Node optional(Node body) {
    return alternatives(body, EMPTY);
  }

  /**
   * Returns a fixed text.
   *
   * @param text the text
   * @return the text
   */
  static Node literal(String text) {
    return text.isEmpty() ? EMPTY : new Literal(text);
  }

  /**
   * Repeats a text.
   *
   * @param body the text
   * @param min the least number of times
   * @param max the greatest number of times, or {@link #UNBOUNDED}
   * @return the repetition
   */
  static Node repeat(Node body, int min, int max) {
    if (max == 0 || body.equals(EMPTY)) {
      return EMPTY;
    }
    return min == 1 && max == 1 ? body : new Repeat(body, min, max);
  }
}
