package io.adapt4j.eval.failure;

import io.adapt4j.eval.spi.Outcome;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Extracts the question of a prompt, without few-shot examples and passages before it and without a
 * common ending: of the parts between blank lines, the last one that is not the same in all
 * prompts.
 */
final class Questions {

  private static final Pattern BLANK_LINE = Pattern.compile("\n\\s*\n");

  private final int sameAtEnd;

  Questions(List<Outcome> all) {
    int same = 0;
    while (all.size() > 1 && isSame(all, same)) {
      same++;
    }
    sameAtEnd = same;
  }

  /** Returns whether all prompts have the same part at this position, and another one before it. */
  private static boolean isSame(List<Outcome> all, int fromEnd) {
    String[] first = parts(all.get(0));
    if (first.length < fromEnd + 2) {
      return false;
    }
    String wanted = first[first.length - 1 - fromEnd];
    return all.stream()
        .map(Questions::parts)
        .allMatch(
            parts ->
                parts.length >= fromEnd + 2 && parts[parts.length - 1 - fromEnd].equals(wanted));
  }

  private static String[] parts(Outcome outcome) {
    return BLANK_LINE.split(outcome.prompt().strip());
  }

  String of(Outcome outcome) {
    String[] parts = parts(outcome);
    return parts[Math.max(0, parts.length - 1 - sameAtEnd)].strip();
  }
}
