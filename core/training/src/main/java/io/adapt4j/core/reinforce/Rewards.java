package io.adapt4j.core.reinforce;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reward functions that are computed from the text and the row, without a model. */
public final class Rewards {

  private Rewards() {}

  /**
   * Rewards a format: 1 if a regular expression is found in the completion, else 0. Anchor it with
   * {@code ^} and {@code $} to match the whole completion. A search that takes more than a second
   * finds nothing.
   *
   * @param regex the expression, in which {@code .} also matches line ends
   * @return the function
   * @throws java.util.regex.PatternSyntaxException if its syntax is invalid
   */
  public static RewardFunction regex(String regex) {
    return new Format(regex);
  }

  /**
   * Rewards the correct number: 1 if the answer of the completion equals that of a field of the
   * row, else 0. The answer is the content of the last {@code \boxed{...}}, else the number after
   * the last {@code ####}, else the last number. Commas between digits, currency signs and a final
   * period are ignored; 0.5 and 1/2 do differ.
   *
   * @param field name of the field, a number or a text whose answer is found the same way
   * @return the function; NaN for rows whose field has no number
   */
  public static RewardFunction numericAnswer(String field) {
    return new NumericAnswer(field);
  }

  /**
   * Rewards a number near the correct one: 1 if it differs from that of a field by at most a
   * tolerance, else 0. Numbers are found as by {@link #numericAnswer(String)}.
   *
   * @param field name of the field
   * @param tolerance largest difference; at least 0
   * @return the function; NaN for rows whose field has no number
   */
  public static RewardFunction numericAnswer(String field, double tolerance) {
    return new Verifiable.Near(field, tolerance);
  }

  /**
   * Rewards the expected text: 1 if the completion equals a field of the row, or an element of it
   * if it is a list, else 0. White space counts as one space, and not at the ends.
   *
   * @param field name of the field
   * @return the function; NaN for rows without the field
   */
  public static RewardFunction exact(String field) {
    return new Verifiable.Exact(field);
  }

  /**
   * Rewards JSON that conforms to a schema: 1 if the completion is that, alone or as a fenced
   * block, else 0.
   *
   * @param schema JSON Schema, without references to other documents
   * @return the function
   * @throws IllegalArgumentException if it is invalid or has keywords that are not checked, by name
   */
  public static RewardFunction jsonSchema(String schema) {
    return new Verifiable.Conforming(schema);
  }

  /**
   * Rewards true quotations: the share of the citations {@code "QUOTE" [NUMBER]} whose passage
   * contains the quote, whatever its case and white space; 0 without any. A citation without a
   * quotation before it is wrong.
   *
   * @param field name of the field with the passages, a list of texts or one text; the first is 1
   * @return the function; NaN for rows without the field
   */
  public static RewardFunction citation(String field) {
    return new Verifiable.Citing(field);
  }

  /**
   * Rewards code that passes tests: 1 if a command succeeds on the code followed by the tests of
   * the row, else 0. The code is the last fenced block of the completion, or all of it.
   *
   * <p>The process has limits and few environment variables, but it is no sandbox: run code of a
   * model in a container or under another user.
   *
   * @param field name of the field with the tests
   * @param command program and arguments, in which {@code {file}} is the file to run
   * @param limits limits of the process
   * @return the function; NaN for rows without the field
   */
  public static RewardFunction tests(String field, List<String> command, ProcessLimits limits) {
    return new TestRun(field, command, limits);
  }

  /**
   * Limits of a process; one that exceeds them fails.
   *
   * @param time most time, after which it and its children are killed
   * @param bytes most bytes of address space, which needs {@code /bin/sh}; {@link Long#MAX_VALUE}
   *     for no limit. Runtimes that reserve much, such as Java, need more than they use
   * @param outputBytes most bytes of its output
   */
  public record ProcessLimits(Duration time, long bytes, long outputBytes) {

    /** Checks the limits. Throws {@link IllegalArgumentException} if one is not above 0. */
    public ProcessLimits {
      Numbers.require(!time.isNegative() && !time.isZero(), "time", "above 0", time);
      Numbers.require(bytes >= 1024, "bytes", "at least 1024", bytes);
      Numbers.require(outputBytes > 0, "outputBytes", "above 0", outputBytes);
    }
  }

  /** A reward function that a YAML file can name. */
  public sealed interface Described extends RewardFunction
      permits Verifiable.Exact, Verifiable.Near, Verifiable.Conforming, Verifiable.Citing {

    /** {@return its keys and values in YAML} */
    Map<String, Object> options();
  }

  /**
   * Reward of a format.
   *
   * @param regex the regular expression
   */
  public record Format(String regex) implements RewardFunction {

    /**
     * Compiles the expression to check it. Throws {@link java.util.regex.PatternSyntaxException} if
     * its syntax is invalid.
     */
    public Format {
      Pattern.compile(regex, Pattern.DOTALL);
    }

    @Override
    public double score(String prompt, String completion, Map<String, Object> fields) {
      return found(Pattern.compile(regex, Pattern.DOTALL), completion);
    }

    @Override
    public double[] scoreAll(List<Completion> completions) {
      Pattern pattern = Pattern.compile(regex, Pattern.DOTALL);
      return completions.stream()
          .mapToDouble(completion -> found(pattern, completion.text()))
          .toArray();
    }

    private static double found(Pattern pattern, String text) {
      return TimedText.isFound(pattern, text) ? 1 : 0;
    }
  }

  /**
   * Reward of the correct number.
   *
   * @param field field of the row that holds it
   */
  public record NumericAnswer(String field) implements RewardFunction {

    private static final String NUMBER = "-?[$€£]?(?:\\d[\\d,]*(?:\\.\\d+)?|\\.\\d+)";
    private static final Pattern BOXED = Pattern.compile("\\\\boxed\\{([^{}]*)}");
    private static final Pattern MARKED = Pattern.compile("####\\s*(" + NUMBER + ")");
    private static final Pattern ANY = Pattern.compile(NUMBER);

    /** Checks that there is a name. */
    public NumericAnswer {
      Objects.requireNonNull(field, "field");
    }

    @Override
    public double score(String prompt, String completion, Map<String, Object> fields) {
      Optional<BigDecimal> expected = answer(String.valueOf(fields.get(field)));
      if (expected.isEmpty()) {
        return Double.NaN;
      }
      return answer(completion).filter(found -> found.compareTo(expected.get()) == 0).isPresent()
          ? 1
          : 0;
    }

    static Optional<BigDecimal> answer(String text) {
      Optional<String> boxed = last(BOXED, text);
      if (boxed.isPresent()) {
        return last(ANY, boxed.get()).map(NumericAnswer::number);
      }
      return last(MARKED, text).or(() -> last(ANY, text)).map(NumericAnswer::number);
    }

    private static Optional<String> last(Pattern pattern, String text) {
      Matcher matcher = pattern.matcher(text);
      String found = null;
      while (matcher.find()) {
        found = matcher.group(matcher.groupCount());
      }
      return Optional.ofNullable(found);
    }

    private static BigDecimal number(String text) {
      return new BigDecimal(text.replaceAll("[$€£,]", ""));
    }
  }
}
