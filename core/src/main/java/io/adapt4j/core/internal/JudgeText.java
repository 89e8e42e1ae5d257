package io.adapt4j.core.internal;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads what a language model wrote that was asked to judge. */
public final class JudgeText {

  private static final Pattern THOUGHTS = Pattern.compile("(?s)^.*</think>");

  private JudgeText() {}

  /** Returns what a judge says, without what it thinks before. */
  public static String said(String reply) {
    return THOUGHTS.matcher(reply).replaceFirst("").strip();
  }

  /**
   * Finds the decision on its own line, such as {@code Verdict: A}. What a judge meant is never
   * guessed.
   */
  public static Optional<String> decision(String reply, String word, String decision) {
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
