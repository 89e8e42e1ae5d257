package io.adapt4j.core.reinforce;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reward functions that use only the text. */
public final class Rewards {

  private Rewards() {}

  /**
   * Rewards a format: 1 if a regular expression is found in the completion, else 0. Anchor it with
   * {@code ^} and {@code $} to match the whole completion.
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
      return pattern.matcher(text).find() ? 1 : 0;
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

    private static Optional<BigDecimal> answer(String text) {
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
