package io.adapt4j.core.internal.http;

import java.util.regex.Pattern;

/** Removes secrets from displayed text. */
public final class Secrets {

  public static final String HIDDEN = "(hidden)";

  private static final Pattern QUERY_VALUE =
      Pattern.compile("([?&][\\w.~%-]{1,100}=)[^\\s&\"'<>]+");

  private static final Pattern USER = Pattern.compile("//[^/@\\s]{1,1000}@");

  private static final Pattern HEADER_CHARACTERS = Pattern.compile("[\\x21-\\x7e]+");

  private Secrets() {}

  /**
   * Hides user names, passwords and query values in the addresses of a text: query values often are
   * signatures and keys.
   */
  public static String hideInAddresses(String text) {
    String clean = QUERY_VALUE.matcher(text).replaceAll("$1" + HIDDEN);
    return USER.matcher(clean).replaceAll("//" + HIDDEN + "@");
  }

  /**
   * Validates that a key can be sent in a header. The exception that Java's client would throw
   * contains the key.
   */
  public static String requireKey(String name, String key) {
    if (!HEADER_CHARACTERS.matcher(key).matches()) {
      throw new IllegalArgumentException(
          name + " must be visible characters of ASCII, found others or none");
    }
    return key;
  }
}
