package io.adapt4j.eval.judge;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads what a judge wrote. */
final class JudgeText {

  private static final Pattern THOUGHTS = Pattern.compile("(?s)^.*</think>");

  private JudgeText() {}

  /** What a judge says, without what it thinks before. */
  static String said(String reply) {
    return THOUGHTS.matcher(reply).replaceFirst("").strip();
  }

  /**
   * The decision on a line of its own, such as {@code Verdict: A}. Empty where there is none, or
   * where lines differ: what a judge meant is never guessed.
   *
   * @param reply the judge's reply
   * @param word what stands before the colon
   * @param decision a pattern of what may follow
   */
  static Optional<String> decision(String reply, String word, String decision) {
    Pattern line =
        Pattern.compile("(?im)^[\\s*#>]*" + word + "[\\s*]*:[\\s*]*(" + decision + ")[\\s*.]*$");
    List<String> found =
        line.matcher(said(reply))
            .results()
            .map(match -> match.group(1).toLowerCase(Locale.ROOT))
            .distinct()
            .toList();
    return found.size() == 1 ? Optional.of(found.get(0)) : Optional.empty();
  }
}
