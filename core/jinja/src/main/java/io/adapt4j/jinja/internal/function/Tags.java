package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.Repr;
import io.adapt4j.jinja.internal.value.Run;

/** The filter striptags, as in MarkupSafe. */
final class Tags {

  private Tags() {}

  static Object strip(Run run, Object value, Arguments arguments) {
    arguments.bind("striptags", 0);
    String text = run.made(Repr.str(run, value));
    text = without(run, text, "<!--", "-->");
    text = without(run, text, "<", ">");
    return unescaped(String.join(" ", words(run, text)));
  }

  private static String without(Run run, String text, String open, String close) {
    StringBuilder out = new StringBuilder();
    int from = 0;
    while (true) {
      int start = text.indexOf(open, from);
      int end = start < 0 ? -1 : text.indexOf(close, start);
      if (end < 0) {
        return out.append(text, from, text.length()).toString();
      }
      run.step(1);
      out.append(text, from, start);
      from = end + close.length();
    }
  }

  private static Iterable<String> words(Run run, String text) {
    return Splits.split(run, text, null, -1).stream().map(String.class::cast).toList();
  }

  private static String unescaped(String text) {
    String plain =
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&#39;", "'")
            .replace("&#34;", "\"")
            .replace("&quot;", "\"")
            .replace("&amp;", "&\u0000");
    if (plain.matches("(?s).*&#?\\w+;.*")) {
      throw Fault.unsupported("striptags of text with HTML entities other than the basic five");
    }
    return plain.replace("&\u0000", "&");
  }
}
