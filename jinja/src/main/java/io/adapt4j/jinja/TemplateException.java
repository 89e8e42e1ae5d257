package io.adapt4j.jinja;

import java.util.Optional;

/**
 * A template that cannot be parsed or rendered. The message names the template and the line, says
 * what is wrong, and quotes the line.
 */
public final class TemplateException extends RuntimeException {

  private static final long serialVersionUID = 1L;
  private static final int LONGEST_QUOTE = 200;

  /** The line the problem is on, from 1. */
  private final int line;

  /** The text of that line. */
  private final String lineText;

  /** What the template gave to raise_exception; null if it did not stop itself. */
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

  static TemplateException at(Source source, int line, Fault fault) {
    return at(source, line, fault.getMessage(), fault.isRaised() ? fault.getMessage() : null);
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
   * Returns the line the problem is on.
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
   * Returns what the template said if it stopped itself with {@code raise_exception}, as templates
   * do for conversations they do not take.
   *
   * @return the text it gave, or empty if something else went wrong
   */
  public Optional<String> raised() {
    return Optional.ofNullable(raised);
  }
}
