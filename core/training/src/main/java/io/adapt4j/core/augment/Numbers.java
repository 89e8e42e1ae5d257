package io.adapt4j.core.augment;

import java.math.BigDecimal;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The numbers in a text, normalized. */
final class Numbers {

  private static final Pattern NUMBER = Pattern.compile("\\d++(?:[.,]\\d++)*+");
  private static final String MONTH =
      "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
          + "|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
  private static final Pattern MONTH_WORD = Pattern.compile("\\b" + MONTH + "\\b");

  /** A month next to a number, which excludes other uses of "may" and "march". */
  private static final Pattern DATED_MONTH =
      Pattern.compile(
          "\\d(?:st|nd|rd|th)?\\.?\\s+(?:of\\s+)?" + MONTH + "\\b|\\b" + MONTH + "\\.?,?\\s+\\d");

  private static final Pattern WORD = Pattern.compile("\\p{L}+");

  /** Number words, from 0. */
  private static final List<String> CARDINALS =
      List.of(
          "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
          "eleven", "twelve");

  private static final List<String> ORDINALS =
      List.of(
          "zeroth",
          "first",
          "second",
          "third",
          "fourth",
          "fifth",
          "sixth",
          "seventh",
          "eighth",
          "ninth",
          "tenth",
          "eleventh",
          "twelfth");

  private static final List<String> MONTHS =
      List.of("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec");

  private static final int LONGEST_VALUE = 40;

  private Numbers() {}

  static boolean kept(String original, String paraphrase) {
    return understood(paraphrase).containsAll(stated(original))
        && understood(original).containsAll(stated(paraphrase));
  }

  /** Returns whether a text contains every number of another. */
  static boolean covers(String text, String other) {
    return understood(text).containsAll(stated(other));
  }

  /** Returns numbers in digits, and months next to them. */
  private static Set<String> stated(String text) {
    String lower = lower(text);
    Set<String> numbers = digits(lower);
    Matcher months = DATED_MONTH.matcher(lower);
    for (int from = 0; months.find(from); from = months.start() + 1) {
      numbers.add(month(months.group(1) == null ? months.group(2) : months.group(1)));
    }
    return numbers;
  }

  /** Returns numbers in digits and in words. */
  private static Set<String> understood(String text) {
    String lower = lower(text);
    Set<String> numbers = digits(lower);
    Matcher months = MONTH_WORD.matcher(lower);
    while (months.find()) {
      numbers.add(month(months.group(1)));
    }
    Matcher words = WORD.matcher(lower);
    while (words.find()) {
      int value = Math.max(CARDINALS.indexOf(words.group()), ORDINALS.indexOf(words.group()));
      if (value >= 0) {
        numbers.add(String.valueOf(value));
      }
    }
    return numbers;
  }

  private static Set<String> digits(String text) {
    Set<String> numbers = new HashSet<>();
    Matcher matcher = NUMBER.matcher(text);
    while (matcher.find()) {
      numbers.add(value(matcher.group()));
    }
    return numbers;
  }

  private static String value(String written) {
    if (written.length() > LONGEST_VALUE) {
      return written;
    }
    String number = written;
    if (number.matches("\\d{1,3}(,\\d{3})+(\\.\\d+)?")) {
      number = number.replace(",", "");
    } else if (number.matches("\\d+,\\d+")) {
      number = number.replace(',', '.');
    }
    return number.matches("\\d+(\\.\\d+)?")
        ? new BigDecimal(number).stripTrailingZeros().toPlainString()
        : number;
  }

  private static String month(String name) {
    return String.valueOf(MONTHS.indexOf(name.substring(0, 3)) + 1);
  }

  /** Returns a text in lower case, with the digits of all scripts converted to ASCII. */
  private static String lower(String text) {
    StringBuilder lower = new StringBuilder(text.length());
    text.toLowerCase(Locale.ROOT)
        .codePoints()
        .forEach(
            c -> {
              if (Character.isDigit(c)) {
                lower.append(Character.digit(c, 10));
              } else {
                lower.appendCodePoint(c);
              }
            });
    return lower.toString();
  }
}
