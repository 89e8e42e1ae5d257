package io.adapt4j.rag.split;

import java.util.regex.Pattern;

/** The block of YAML between lines of three hyphens with which a Markdown file may begin. */
final class FrontMatter {

  private static final String FENCE = "---";

  /** Plausible lines of YAML; on any other line, the hyphens are a thematic break. */
  private static final Pattern YAML =
      Pattern.compile("\\s*|[ \\t].*|#.*|-[ \\t].*|[^\\s:]+[ \\t]*:.*");

  private FrontMatter() {}

  /** Returns the position after it; 0 if the text has none. */
  static int end(String text) {
    if (!text.startsWith(FENCE) || !line(text, 0).equals(FENCE)) {
      return 0;
    }
    for (int start = next(text, 0); start < text.length(); start = next(text, start)) {
      String line = line(text, start);
      if (line.equals(FENCE) || line.equals("...")) {
        return next(text, start);
      }
      if (!YAML.matcher(line).matches()) {
        return 0;
      }
    }
    return 0;
  }

  private static String line(String text, int start) {
    int end = text.indexOf('\n', start);
    return text.substring(start, end < 0 ? text.length() : end).stripTrailing();
  }

  private static int next(String text, int start) {
    int end = text.indexOf('\n', start);
    return end < 0 ? text.length() : end + 1;
  }
}
