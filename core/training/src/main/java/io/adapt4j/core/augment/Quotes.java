package io.adapt4j.core.augment;

import java.util.List;
import java.util.regex.Pattern;

/** Quoted texts. */
final class Quotes {

  private static final Pattern QUOTED =
      Pattern.compile("\"([^\"\n]+)\"|[“„]([^”“\n]+)[”“]|«([^»\n]+)»|`([^`\n]+)`");

  private Quotes() {}

  static boolean kept(String original, String paraphrase) {
    return quoted(original).stream().allMatch(paraphrase::contains)
        && quoted(paraphrase).stream().allMatch(original::contains);
  }

  /** Returns the quotations, without a comma or period that belongs to the surrounding sentence. */
  private static List<String> quoted(String text) {
    return QUOTED
        .matcher(text)
        .results()
        .map(
            match -> {
              for (int group = 1; group <= match.groupCount(); group++) {
                if (match.group(group) != null) {
                  return match.group(group).strip().replaceAll("[.,;!?]+$", "");
                }
              }
              return "";
            })
        .toList();
  }
}
