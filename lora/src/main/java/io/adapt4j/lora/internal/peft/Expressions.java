package io.adapt4j.lora.internal.peft;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Regular expressions over the paths of layers. They may come with an untrusted adapter, so one
 * with excessive backtracking is aborted.
 */
public final class Expressions {

  /** Limit of characters read: ten times that of reading a 100-character path a thousand times. */
  private static final int MOST_READS = 1_000_000;

  private Expressions() {}

  /** {@return whether the expression matches the whole path} */
  public static boolean matches(String expression, String path) {
    return matcher(expression, path).matches();
  }

  public static Matcher matcher(String expression, String path) {
    return Pattern.compile(expression).matcher(new CountedText(expression, path));
  }

  /** A text that counts its reads. */
  private static final class CountedText implements CharSequence {
    private final String expression;
    private final String text;
    private int reads;

    CountedText(String expression, String text) {
      this.expression = expression;
      this.text = text;
    }

    @Override
    public char charAt(int index) {
      if (++reads > MOST_READS) {
        throw new IllegalArgumentException(
            "The regular expression '"
                + expression
                + "' takes too long on the path '"
                + text
                + "'. Write it without repetitions inside of repetitions");
      }
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.substring(start, end);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
