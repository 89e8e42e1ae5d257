package io.adapt4j.rag.internal.answer;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds the numbers of sources in a text: {@code [1]}, {@code [1, 2]}, {@code [1-3]}. */
final class CitationParser {

  private static final Pattern BRACKETS =
      Pattern.compile("[\\[【]\\s*(\\d{1,3}(?:\\s*[,;–-]\\s*\\d{1,3})*)\\s*[]】]");
  private static final Pattern NUMBERS = Pattern.compile("(\\d+)(?:\\s*[–-]\\s*(\\d+))?");

  private CitationParser() {}

  /** Returns the numbers in order of first mention. */
  static Set<Integer> numbers(String text) {
    Set<Integer> numbers = new LinkedHashSet<>();
    Matcher brackets = BRACKETS.matcher(text);
    while (brackets.find()) {
      NUMBERS.matcher(brackets.group(1)).results().forEach(range -> add(range, numbers));
    }
    return numbers;
  }

  private static void add(MatchResult range, Set<Integer> numbers) {
    int first = Integer.parseInt(range.group(1));
    int last = range.group(2) == null ? first : Integer.parseInt(range.group(2));
    for (int number = first; number <= last; number++) {
      numbers.add(number);
    }
  }
}
