package io.adapt4j.core.internal;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Parses the reply of a language model used as a judge. */
public final class JudgeText {

  private static final Pattern THOUGHTS = Pattern.compile("(?s)^.*</think>");

  private JudgeText() {}

  /** Returns the reply without its preceding reasoning. */
  public static String said(String reply) {
    return THOUGHTS.matcher(reply).replaceFirst("").strip();
  }

  /**
   * Finds the decision on its own line, such as {@code Verdict: A}. An unclear reply is never
   * guessed at.
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
