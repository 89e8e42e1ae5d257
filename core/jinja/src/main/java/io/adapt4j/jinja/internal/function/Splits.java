package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Text;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Splitting of texts, as in Python. */
public final class Splits {

  private Splits() {}

  /**
   * Splits at a separator, or at white space if it is null, up to a number of times; -1 for all.
   */
  static List<Object> split(Run run, String text, String separator, int limit) {
    run.make(text.length());
    return separator == null ? words(run, text, limit) : parts(run, text, separator, limit);
  }

  private static List<Object> parts(Run run, String text, String separator, int limit) {
    run.search(text, separator);
    List<Object> parts = new ArrayList<>();
    int from = 0;
    int at = text.indexOf(separator);
    while (at >= 0 && (limit < 0 || parts.size() < limit)) {
      run.step(1);
      parts.add(text.substring(from, at));
      from = at + separator.length();
      at = text.indexOf(separator, from);
    }
    parts.add(text.substring(from));
    return parts;
  }

  private static List<Object> words(Run run, String text, int limit) {
    List<Object> words = new ArrayList<>();
    int at = Text.skipSpace(text, 0);
    while (at < text.length()) {
      run.step(1);
      if (limit >= 0 && words.size() >= limit) {
        words.add(Text.stripEnd(text.substring(at)));
        break;
      }
      int end = at;
      while (end < text.length() && !Text.isSpace(text.charAt(end))) {
        end++;
      }
      words.add(text.substring(at, end));
      at = Text.skipSpace(text, end);
    }
    return words;
  }

  static List<Object> splitFromEnd(Run run, String text, String separator, int limit) {
    if (limit < 0) {
      return split(run, text, separator, limit);
    }
    run.make(text.length());
    List<Object> parts =
        separator == null
            ? wordsFromEnd(run, text, limit)
            : partsFromEnd(run, text, separator, limit);
    Collections.reverse(parts);
    return parts;
  }

  private static List<Object> partsFromEnd(Run run, String text, String separator, int limit) {
    run.search(text, separator);
    List<Object> parts = new ArrayList<>();
    int end = text.length();
    int at = text.lastIndexOf(separator);
    while (at >= 0 && parts.size() < limit) {
      run.step(1);
      parts.add(text.substring(at + separator.length(), end));
      end = at;
      at = end < separator.length() ? -1 : text.lastIndexOf(separator, end - separator.length());
    }
    parts.add(text.substring(0, end));
    return parts;
  }

  private static List<Object> wordsFromEnd(Run run, String text, int limit) {
    List<Object> words = new ArrayList<>();
    String rest = Text.stripEnd(text);
    while (!rest.isEmpty() && words.size() < limit) {
      run.make(rest.length());
      int start = rest.length();
      while (start > 0 && !Text.isSpace(rest.charAt(start - 1))) {
        start--;
      }
      words.add(rest.substring(start));
      rest = Text.stripEnd(rest.substring(0, start));
    }
    if (!rest.isEmpty()) {
      words.add(rest);
    }
    return words;
  }

  /** Splits into lines at every Unicode line end. */
  static List<Object> lines(Run run, String text, boolean keepEnds) {
    run.make(text.length());
    List<Object> lines = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      if (isLineEnd(text.charAt(i))) {
        run.step(1);
        boolean pair =
            text.charAt(i) == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n';
        int next = pair ? i + 2 : i + 1;
        lines.add(text.substring(from, keepEnds ? next : i));
        from = next;
        i = next - 1;
      }
    }
    if (from < text.length()) {
      lines.add(text.substring(from));
    }
    return lines;
  }

  private static boolean isLineEnd(char c) {
    return (c >= '\n' && c <= '\r')
        || (c >= 0x1c && c <= 0x1e)
        || c == 0x85
        || c == 0x2028
        || c == 0x2029;
  }
}
