package io.adapt4j.tools;

import java.security.SecureRandom;
import java.util.function.Supplier;

/** Generates ids of calls, as long as those of OpenAI's API. */
final class CallIds implements Supplier<String> {

  private static final String LETTERS =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  private static final int LENGTH = 24;
  private static final SecureRandom RANDOM = new SecureRandom();

  @Override
  public String get() {
    StringBuilder id = new StringBuilder("call_");
    for (int i = 0; i < LENGTH; i++) {
      id.append(LETTERS.charAt(RANDOM.nextInt(LETTERS.length())));
    }
    return id.toString();
  }
}
