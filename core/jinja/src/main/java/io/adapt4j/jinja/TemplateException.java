package io.adapt4j.jinja;

import io.adapt4j.jinja.internal.value.Fault;
import java.util.Optional;

/**
 * A template that cannot be parsed or rendered. The message names the template and the line, states
 * the problem, and quotes the line.
 */
public final class TemplateException extends RuntimeException {

  private static final long serialVersionUID = 1L;
  private static final int LONGEST_QUOTE = 200;

  /** The line the problem is on, from 1. */
  private final int line;

  private final String lineText;

  /** The argument of raise_exception; null if the template did not call it. */
  private final String raised;

  private TemplateException(String message, int line, String lineText, String raised) {
    super(message);
    this.line = line;
    this.lineText = lineText;
    this.raised = raised;
  }

  static TemplateException at(Source source, int line, String problem) {
    return at(source, line, problem, null);
  }

  static TemplateException of(Source source, Fault fault) {
    String message = fault.getMessage();
    return at(source, fault.line(), message, fault.isRaised() ? message : null);
  }

  private static TemplateException at(Source source, int line, String problem, String raised) {
    String text = source.line(line);
    String quote = text.length() > LONGEST_QUOTE ? text.substring(0, LONGEST_QUOTE) + "..." : text;
    return new TemplateException(
        source.name() + ", line " + line + ": " + problem + "\n  " + quote.strip(),
        line,
        text,
        raised);
  }

  /**
   * Returns the line of the problem.
   *
   * @return a line number, from 1
   */
  public int line() {
    return line;
  }

  /**
   * Returns the text of that line.
   *
   * @return the line without its end
   */
  public String lineText() {
    return lineText;
  }

  /**
   * Returns the message if the template called {@code raise_exception}, as templates do for
   * conversations that they do not support.
   *
   * @return the message, or empty for other problems
   */
  public Optional<String> raised() {
    return Optional.ofNullable(raised);
  }
}
