package io.adapt4j.core;

import java.util.regex.Pattern;

/** Lists of words that are written as text. */
public final class Words {

  private Words() {}

  /** The words of some lines, which blanks part. */
  public static String[] words(String... lines) {
    return String.join(" ", lines).split(" ");
  }

  /** The pieces of some lines, which a separator parts; they may be empty or have blanks. */
  public static String[] split(String separator, String... lines) {
    return String.join(separator, lines).split(Pattern.quote(separator), -1);
  }
}
