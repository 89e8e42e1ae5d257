package io.adapt4j.core.internal.data.sensitive;

import java.util.List;

/** Searches that no pattern can do in linear time: private keys and IBANs. */
final class SensitiveScans {

  static final String PRIVATE_KEY = "PRIVATE_KEY";
  static final String IBAN = "IBAN";

  private static final String BEGIN = "-----BEGIN ";
  private static final String END = "-----END ";
  private static final String KEY = "PRIVATE KEY";
  private static final String DASHES = "-----";
  private static final int LONGEST_TITLE = 40;

  private SensitiveScans() {}

  /** Finds private keys in PEM or OpenPGP armor; one that never ends reaches to the text's end. */
  static void privateKeys(String text, List<SensitiveSpan> found) {
    for (int start = text.indexOf(BEGIN); start >= 0; ) {
      int from = start + BEGIN.length();
      String title = text.substring(from, Math.min(text.length(), from + LONGEST_TITLE));
      int close = title.indexOf(DASHES);
      if (close < 0 || !title.substring(0, close).contains(KEY)) {
        start = text.indexOf(BEGIN, from);
        continue;
      }
      int foot = text.indexOf(END, from + close);
      int dashes = foot < 0 ? -1 : text.indexOf(DASHES, foot + END.length());
      int end = dashes < 0 ? text.length() : dashes + DASHES.length();
      found.add(new SensitiveSpan(PRIVATE_KEY, start, end));
      start = text.indexOf(BEGIN, end);
    }
  }

  /** Finds IBANs by country, length and check digits, with or without single spaces. */
  static void ibans(String text, List<SensitiveSpan> found) {
    for (int start = 0; start + 4 < text.length(); start++) {
      if (isLetter(text.charAt(start))
          && isLetter(text.charAt(start + 1))
          && isDigit(text.charAt(start + 2))
          && (start == 0 || !Character.isLetterOrDigit(text.charAt(start - 1)))) {
        int length = CheckDigits.ibanLength(text.substring(start, start + 2));
        int end = length == 0 ? -1 : ibanEnd(text, start, length);
        if (end > 0) {
          found.add(new SensitiveSpan(IBAN, start, end));
          start = end - 1;
        }
      }
    }
  }

  /** Returns the end of an IBAN, or -1 if there is none. */
  private static int ibanEnd(String text, int start, int length) {
    StringBuilder iban = new StringBuilder();
    int at = start;
    while (at < text.length() && iban.length() < length) {
      char next = text.charAt(at);
      boolean space = next == ' ' && text.charAt(at - 1) != ' ';
      if (!space && !isLetter(next) && !isDigit(next)) {
        return -1;
      }
      if (!space) {
        iban.append(next);
      }
      at++;
    }
    boolean ends = at == text.length() || !Character.isLetterOrDigit(text.charAt(at));
    return iban.length() == length && ends && CheckDigits.isIban(iban.toString()) ? at : -1;
  }

  private static boolean isLetter(char c) {
    return c >= 'A' && c <= 'Z';
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
