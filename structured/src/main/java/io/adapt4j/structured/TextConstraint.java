package io.adapt4j.structured;

import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.OutputConstraint;
import io.adapt4j.core.tokenize.TokenBytes;
import io.adapt4j.structured.internal.automaton.Machine;
import io.adapt4j.structured.internal.grammar.FreeText;
import io.adapt4j.structured.internal.grammar.GrammarException;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.limit.Budget;
import io.adapt4j.structured.internal.limit.TooLargeException;
import io.adapt4j.structured.internal.regex.RegexException;
import io.adapt4j.structured.internal.schema.SchemaException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * A set of texts that an answer may be. Constraints can be combined: a tool call is {@code
 * sequence(literal("<tool_call>\n"), schema, literal("\n</tool_call>"))}.
 *
 * <p>Immutable and thread-safe. Vocabulary data is cached with the constraint, so that one object
 * for many requests is faster than one for each.
 */
public final class TextConstraint implements OutputConstraint {

  private static final int MOST_MESSAGE = 1_000;

  private final Node node;
  private final String description;
  private final Machine.Automaton automaton;
  private final Map<TokenBytes, Machine> machines =
      Collections.synchronizedMap(new WeakHashMap<>());

  private TextConstraint(Node node, String description) {
    this.node = node;
    this.description = description;
    this.automaton = Machine.compile(node);
  }

  /** Creates a constraint; all problems are reported in one exception. */
  static TextConstraint of(String description, Supplier<Node> node) {
    if (!Budget.isSet()) {
      return ConstraintLimits.defaults().run(() -> false, () -> of(description, node));
    }
    try {
      return new TextConstraint(node.get(), description);
    } catch (SchemaException | RegexException | GrammarException | TooLargeException e) {
      throw new UnsupportedConstraintException(shortened(String.valueOf(e.getMessage())), e);
    } catch (StackOverflowError e) {
      throw new UnsupportedConstraintException(
          "the constraint is nested too deep for the stack of this thread; make it flatter", e);
    }
  }

  private static String shortened(String message) {
    return message.length() <= MOST_MESSAGE
        ? message
        : message.substring(0, MOST_MESSAGE / 2)
            + "..."
            + message.substring(message.length() - MOST_MESSAGE / 2);
  }

  /** Returns the approximate memory in bytes, including vocabulary data. */
  long bytes() {
    return automaton.bytes() + 2L * description.length();
  }

  /**
   * Returns a fixed text.
   *
   * @param text the text
   * @return the constraint
   */
  public static TextConstraint literal(String text) {
    return of("literal " + quoted(text), () -> Node.literal(text));
  }

  /**
   * Returns any text.
   *
   * @return the constraint, under which an answer can end anywhere
   */
  public static TextConstraint anyText() {
    return of("any text", () -> Node.repeat(Node.ANY, 0, Node.UNBOUNDED));
  }

  /**
   * Returns any text that does not contain another.
   *
   * @param trigger the excluded text, at least one character
   * @return the constraint, under which an answer can end anywhere
   */
  public static TextConstraint textWithout(String trigger) {
    requireTrigger(trigger);
    return of("text without " + quoted(trigger), () -> FreeText.without(trigger));
  }

  /**
   * Returns any text up to and including another: once a model writes the trigger, the next part of
   * a {@link #sequence} applies.
   *
   * @param trigger the text at whose first occurrence this part ends, at least one character
   * @return the constraint
   */
  public static TextConstraint textUntil(String trigger) {
    requireTrigger(trigger);
    return of("text until " + quoted(trigger), () -> FreeText.until(trigger));
  }

  private static void requireTrigger(String trigger) {
    if (trigger.isEmpty()) {
      throw new IllegalArgumentException("trigger: expected at least one character, found none");
    }
  }

  /**
   * Concatenates constraints.
   *
   * @param parts the constraints
   * @return their texts one after the other
   */
  public static TextConstraint sequence(TextConstraint... parts) {
    return of(described("sequence", parts), () -> Node.sequence(nodes(parts)));
  }

  /**
   * Returns the union of constraints.
   *
   * @param choices the constraints, at least one
   * @return a text of one of them
   */
  public static TextConstraint alternatives(TextConstraint... choices) {
    return of(described("alternatives", choices), () -> Node.alternatives(nodes(choices)));
  }

  /**
   * Repeats this constraint.
   *
   * @param min minimum number of times
   * @param max maximum number of times; {@link Integer#MAX_VALUE} for no limit
   * @return its texts one after the other
   */
  public TextConstraint repeated(int min, int max) {
    if (min < 0 || max < min) {
      throw new IllegalArgumentException(
          "min, max: expected 0 or more in ascending order, found " + min + " and " + max);
    }
    return of(
        "repeated " + min + " to " + max + " (" + description + ")",
        () -> Node.repeat(node, min, max));
  }

  /** {@return this constraint or the empty text} */
  public TextConstraint optional() {
    return repeated(0, 1);
  }

  private static List<Node> nodes(TextConstraint... parts) {
    return Arrays.stream(parts).map(part -> part.node).toList();
  }

  private static String described(String name, TextConstraint... parts) {
    return Arrays.stream(parts)
        .map(TextConstraint::toString)
        .collect(Collectors.joining(", ", name + "(", ")"));
  }

  static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  @Override
  public ConstraintState begin(TokenBytes vocabulary, boolean atBeginning) {
    return machines.computeIfAbsent(vocabulary, automaton::over).begin(vocabulary, atBeginning);
  }

  @Override
  public Optional<String> identity() {
    return Optional.of(description);
  }

  /** Constraints with equal descriptions are equal. */
  @Override
  public boolean equals(Object other) {
    return other instanceof TextConstraint constraint && description.equals(constraint.description);
  }

  @Override
  public int hashCode() {
    return description.hashCode();
  }

  @Override
  public String toString() {
    return description;
  }
}
