package io.adapt4j.rag.document;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Extracts the title at the beginning of a Markdown text. */
final class MarkdownHead {

  private static final Pattern FENCE = Pattern.compile("^ {0,3}(```|~~~)");
  private static final Pattern HEADING = Pattern.compile("^ {0,3}#{1,6}[ \\t]+(.*?)[ \\t#]*$");
  private static final Pattern UNDERLINE = Pattern.compile("^ {0,3}(=+|--+)[ \\t]*$");
  private static final Pattern TITLE =
      Pattern.compile("^title[ \\t]*:[ \\t]*[\"']?(.*?)[\"']?[ \\t]*$");
  private static final Pattern MARKS = Pattern.compile("\\[([^\\]]*)\\]\\([^)]*\\)|[*`]");

  /** Maximum number of lines searched. */
  private static final int MOST_LINES = 200;

  private MarkdownHead() {}

  /** Returns the title in the front matter, else the first heading; empty if there is none. */
  static String title(String text) {
    String before = "";
    boolean code = false;
    boolean frontMatter = false;
    int number = 0;
    for (String line : (Iterable<String>) text.lines().limit(MOST_LINES)::iterator) {
      if (number++ == 0 && line.equals("---")) {
        frontMatter = true;
      } else if (frontMatter) {
        Matcher title = TITLE.matcher(line);
        if (title.matches() && !title.group(1).isBlank()) {
          return title.group(1).strip();
        }
        frontMatter = !line.equals("---");
      } else if (FENCE.matcher(line).find()) {
        code = !code;
      } else if (!code) {
        Matcher heading = HEADING.matcher(line);
        if (heading.matches() && !heading.group(1).isBlank()) {
          return plain(heading.group(1));
        }
        if (!before.isBlank() && UNDERLINE.matcher(line).matches()) {
          return plain(before);
        }
      }
      before = line;
    }
    return "";
  }

  private static String plain(String heading) {
    return MARKS.matcher(heading).replaceAll("$1").strip();
  }
}
