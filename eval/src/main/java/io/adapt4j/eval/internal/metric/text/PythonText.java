package io.adapt4j.eval.internal.metric.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Python's definitions of white space and lower case, which the reference implementations use. */
public final class PythonText {

  /** Python's {@code string.punctuation}. */
  private static final String PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

  private PythonText() {}

  static boolean isSpace(int c) {
    return (c >= '\t' && c <= '\r')
        || (c >= 0x1c && c <= ' ')
        || c == 0x85
        || Character.isSpaceChar(c);
  }

  public static boolean isPunctuation(int c) {
    return PUNCTUATION.indexOf(c) >= 0;
  }

  public static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  public static List<String> split(String text) {
    List<String> words = new ArrayList<>();
    int from = 0;
    for (int i = 0; i <= text.length(); i++) {
      if (i == text.length() || isSpace(text.charAt(i))) {
        if (i > from) {
          words.add(text.substring(from, i));
        }
        from = i + 1;
      }
    }
    return words;
  }

  public static String singleSpaced(String text) {
    return String.join(" ", split(text));
  }

  public static String stripTrailing(String text) {
    int end = text.length();
    while (end > 0 && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  static String strip(String text) {
    int from = 0;
    while (from < text.length() && isSpace(text.charAt(from))) {
      from++;
    }
    return stripTrailing(text.substring(from));
  }
}
