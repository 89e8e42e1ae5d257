package io.adapt4j.eval.internal.metric.text;

import java.util.regex.Pattern;

/** Tokenizers of BLEU: those of sacrebleu 2 that need no further library. */
public enum BleuTokenizer {
  /** mteval-v13a, sacrebleu's default. */
  MTEVAL_13A("13a"),
  /** mteval-v14, based on Unicode categories. */
  INTERNATIONAL("intl"),
  /** Chinese: each Chinese character is a word. */
  CHINESE("zh"),
  /** Each character is a word. */
  CHARACTER("char"),
  /** Words separated by spaces. */
  NONE("none");

  private static final Pattern SIGN = Pattern.compile("([{-~\\[-` -&(-+:-@/])");
  private static final Pattern MARK_AFTER_NO_DIGIT = Pattern.compile("([^0-9])([.,])");
  private static final Pattern MARK_BEFORE_NO_DIGIT = Pattern.compile("([.,])([^0-9])");
  private static final Pattern DASH_AFTER_DIGIT = Pattern.compile("([0-9])(-)");
  private static final Pattern PUNCTUATION_AFTER_NO_NUMBER = Pattern.compile("(\\P{N})(\\p{P})");
  private static final Pattern PUNCTUATION_BEFORE_NO_NUMBER = Pattern.compile("(\\p{P})(\\P{N})");
  private static final Pattern SYMBOL = Pattern.compile("(\\p{S})");

  /**
   * First and last characters of the ranges that sacrebleu treats as Chinese. Two of its ranges are
   * meant to be 20000-2A6D6 and 2F800-2FA1D, but written with four digits they compare as 2001-2A6D
   * and 2F81-2FA1; scores agree only with those.
   */
  private static final int[][] CHINESE_RANGES = {
    {0x3400, 0x4db5}, {0x4e00, 0x9fa5}, {0x9fa6, 0x9fbb}, {0xf900, 0xfa2d}, {0xfa30, 0xfa6a},
    {0xfa70, 0xfad9}, {0x2001, 0x2a6d}, {0x2f81, 0x2fa1}, {0xff00, 0xffef}, {0x2e80, 0x2eff},
    {0x3000, 0x303f}, {0x31c0, 0x31ef}, {0x2f00, 0x2fdf}, {0x2ff0, 0x2fff}, {0x3100, 0x312f},
    {0x31a0, 0x31bf}, {0xfe10, 0xfe1f}, {0xfe30, 0xfe4f}, {0x2600, 0x26ff}, {0x2700, 0x27bf},
    {0x3200, 0x32ff}, {0x3300, 0x33ff}
  };

  private final String signature;

  BleuTokenizer(String signature) {
    this.signature = signature;
  }

  public static BleuTokenizer named(String name) {
    for (BleuTokenizer tokenizer : values()) {
      if (tokenizer.signature.equals(name)) {
        return tokenizer;
      }
    }
    throw new IllegalArgumentException(
        "tokenizer is \"" + name + "\"; give 13a, intl, zh, char or none");
  }

  /** Splits a text into words. */
  public String tokenize(String text) {
    return switch (this) {
      case MTEVAL_13A -> western(' ' + withoutMarkup(text) + ' ');
      case INTERNATIONAL -> international(text);
      case CHINESE -> western(chineseApart(PythonText.strip(text)));
      case CHARACTER -> PythonText.singleSpaced(charactersApart(text));
      case NONE -> text;
    };
  }

  private static String withoutMarkup(String text) {
    return text.replace("<skipped>", "")
        .replace("-\n", "")
        .replace("\n", " ")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">");
  }

  private static String western(String text) {
    String line = SIGN.matcher(text).replaceAll(" $1 ");
    line = MARK_AFTER_NO_DIGIT.matcher(line).replaceAll("$1 $2 ");
    line = MARK_BEFORE_NO_DIGIT.matcher(line).replaceAll(" $1 $2");
    line = DASH_AFTER_DIGIT.matcher(line).replaceAll("$1 $2 ");
    return PythonText.singleSpaced(line);
  }

  private static String international(String text) {
    String line = PUNCTUATION_AFTER_NO_NUMBER.matcher(text).replaceAll("$1 $2 ");
    line = PUNCTUATION_BEFORE_NO_NUMBER.matcher(line).replaceAll(" $1 $2");
    return PythonText.singleSpaced(SYMBOL.matcher(line).replaceAll(" $1 "));
  }

  private static String chineseApart(String text) {
    StringBuilder apart = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (isChinese(c)) {
                apart.append(' ').appendCodePoint(c).append(' ');
              } else {
                apart.appendCodePoint(c);
              }
            });
    return apart.toString();
  }

  private static boolean isChinese(int c) {
    for (int[] range : CHINESE_RANGES) {
      if (c >= range[0] && c <= range[1]) {
        return true;
      }
    }
    return false;
  }

  private static String charactersApart(String text) {
    StringBuilder apart = new StringBuilder();
    text.codePoints().forEach(c -> apart.appendCodePoint(c).append(' '));
    return apart.toString();
  }
}
