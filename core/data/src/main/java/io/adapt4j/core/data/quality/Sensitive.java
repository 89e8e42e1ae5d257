package io.adapt4j.core.data.quality;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Kinds of sensitive text that do not belong in training data, detected by pattern. There are false
 * positives and misses: names and addresses have no pattern.
 */
public enum Sensitive {
  /**
   * A key or token of a service by its published prefix (AWS, GitHub, GitLab, Google, Hugging Face,
   * OpenAI and Anthropic, Slack, Stripe), a JSON web token, or a private key in PEM.
   */
  SECRET(
      "a secret",
      "(?<![A-Za-z0-9_-])(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,255}"
          + "|github_pat_[A-Za-z0-9_]{22,255}|glpat-[A-Za-z0-9_-]{20,64}|AIza[0-9A-Za-z_-]{35}"
          + "|hf_[A-Za-z0-9]{30,64}|sk-[A-Za-z0-9_-]{20,255}|xox[abprs]-[A-Za-z0-9-]{10,255}"
          + "|[sr]k_live_[0-9a-zA-Z]{20,255}"
          + "|eyJ[A-Za-z0-9_-]{10,4000}\\.eyJ[A-Za-z0-9_-]{10,4000}\\.[A-Za-z0-9_-]{10,4000})"
          + "(?![A-Za-z0-9_-])"
          + "|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"
          + "(?:[\\s\\S]{0,10000}?-----END [A-Z ]{0,20}PRIVATE KEY-----)?"),
  /** An e-mail address. */
  EMAIL(
      "an e-mail address",
      "(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}"
          + "(?:\\.[A-Za-z0-9-]{1,63}){0,6}\\.[A-Za-z]{2,24}(?![A-Za-z0-9-])"),
  /** A payment card number: 13 to 19 digits with a valid check digit (Luhn). */
  CARD("a card number", "(?<![0-9.])[2-6](?:[ -]?[0-9]){12,18}(?![0-9])"),
  /** A phone number with a country code, or in the North American format. */
  PHONE(
      "a phone number",
      "(?<![\\w+])\\+[0-9]{1,3}[ .-]?(?:\\([0-9]{1,4}\\)[ .-]?)?[0-9](?:[ .-]?[0-9]){5,12}(?![0-9])"
          + "|(?<![\\w.-])(?:\\([0-9]{3}\\) ?|[0-9]{3}[.-])[0-9]{3}[.-][0-9]{4}(?![\\w-])");

  private final String title;
  private final Pattern pattern;

  Sensitive(String title, String pattern) {
    this.title = title;
    this.pattern = Pattern.compile(pattern);
  }

  String title() {
    return title;
  }

  /** Returns the position of the first match; -1 if there is none. */
  int indexIn(String text) {
    Matcher matcher = pattern.matcher(text);
    while (matcher.find()) {
      if (isReal(matcher.group())) {
        return matcher.start();
      }
    }
    return -1;
  }

  /** Returns the text with matches replaced by placeholders such as {@code [EMAIL]}. */
  String redact(String text) {
    return pattern
        .matcher(text)
        .replaceAll(
            match ->
                Matcher.quoteReplacement(
                    isReal(match.group()) ? "[" + name() + "]" : match.group()));
  }

  private boolean isReal(String found) {
    return this != CARD || hasCheckDigit(found);
  }

  /** Checks the Luhn digit (ISO/IEC 7812-1 annex B). */
  private static boolean hasCheckDigit(String number) {
    int sum = 0;
    boolean twice = false;
    for (int i = number.length() - 1; i >= 0; i--) {
      int digit = number.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        continue;
      }
      int value = twice ? 2 * digit : digit;
      sum += value > 9 ? value - 9 : value;
      twice = !twice;
    }
    return sum % 10 == 0;
  }
}
