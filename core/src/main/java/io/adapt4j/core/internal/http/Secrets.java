package io.adapt4j.core.internal.http;

import java.util.regex.Pattern;

/** Takes secrets out of what is shown. */
public final class Secrets {

  /** What stands where a secret was. */
  public static final String HIDDEN = "(hidden)";

  private static final Pattern QUERY_VALUE =
      Pattern.compile("([?&][\\w.~%-]{1,100}=)[^\\s&\"'<>]+");

  private static final Pattern USER = Pattern.compile("//[^/@\\s]{1,1000}@");

  private static final Pattern HEADER_CHARACTERS = Pattern.compile("[\\x21-\\x7e]+");

  private Secrets() {}

  /**
   * Hides user names, passwords, and the values of queries in the addresses of a text: these are
   * signatures and keys, often enough.
   */
  public static String hideInAddresses(String text) {
    String clean = QUERY_VALUE.matcher(text).replaceAll("$1" + HIDDEN);
    return USER.matcher(clean).replaceAll("//" + HIDDEN + "@");
  }

  /**
   * Requires that a key can be sent in a header. The exception that Java's client would throw has
   * the key in its message.
   */
  public static String requireKey(String name, String key) {
    if (!HEADER_CHARACTERS.matcher(key).matches()) {
      throw new IllegalArgumentException(
          name + " must be visible characters of ASCII, found others or none");
    }
    return key;
  }
}
