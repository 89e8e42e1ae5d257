package io.adapt4j.eval.internal.metric.text;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Numbers in English words as digits, equal to Whisper's normalizer (Radford et al. 2022, appendix
 * C), including its peculiarities: {@code nineth}, and an o that is a zero.
 */
final class SpokenNumbers {

  private static final Set<String> ZEROS = Set.of("o", "oh", "zero");
  private static final List<String> NAMES =
      List.of(
          "one",
          "two",
          "three",
          "four",
          "five",
          "six",
          "seven",
          "eight",
          "nine",
          "ten",
          "eleven",
          "twelve",
          "thirteen",
          "fourteen",
          "fifteen",
          "sixteen",
          "seventeen",
          "eighteen",
          "nineteen");
  private static final List<String> TEN_NAMES =
      List.of("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety");
  private static final List<String> POWERS =
      List.of(
          "thousand",
          "million",
          "billion",
          "trillion",
          "quadrillion",
          "quintillion",
          "sextillion",
          "septillion",
          "octillion",
          "nonillion",
          "decillion");
  private static final Map<String, Integer> ONES = new HashMap<>();
  private static final Map<String, Suffixed> ONES_SUFFIXED = new HashMap<>();
  private static final Map<String, Integer> TENS = new HashMap<>();
  private static final Map<String, Suffixed> TENS_SUFFIXED = new HashMap<>();
  private static final Map<String, BigInteger> MULTIPLIERS = new HashMap<>();
  private static final Map<String, Suffixed> MULTIPLIERS_SUFFIXED = new HashMap<>();
  private static final Map<String, String> SIGNS =
      Map.of("minus", "-", "negative", "-", "plus", "+", "positive", "+");
  private static final Map<String, String> CURRENCIES =
      Map.of(
          "pound", "£", "pounds", "£", "euro", "€", "euros", "€", "dollar", "$", "dollars", "$",
          "cent", "¢", "cents", "¢");
  private static final String PREFIXES = "-+£€$¢";
  private static final Set<String> SUFFIXERS = Set.of("per", "percent");
  private static final Set<String> SPECIALS = Set.of("and", "double", "triple", "point");
  private static final Set<String> DECIMALS = new HashSet<>(ZEROS);
  private static final Set<String> WORDS = new HashSet<>();

  private static final Pattern NUMBER = unicode("\\d+(\\.\\d+)?");
  private static final Pattern FRACTION = unicode("\\d+(\\.\\d*)?|\\.\\d+");
  private static final Pattern HALF = unicode("\\band\\s+a\\s+half\\b");
  private static final Pattern LETTER_DIGIT = Pattern.compile("([a-z])([0-9])");
  private static final Pattern DIGIT_LETTER = Pattern.compile("([0-9])([a-z])");
  private static final Pattern SUFFIX = unicode("([0-9])\\s+(st|nd|rd|th|s)\\b");
  private static final Pattern CENTS = unicode("([€£$])([0-9]+) (?:and )?¢([0-9]{1,2})\\b");
  private static final Pattern ONLY_CENTS = unicode("[€£$]0.([0-9]{1,2})\\b");
  private static final Pattern ONE = unicode("\\b1(s?)\\b");

  /** A number with its ending, such as th. */
  private record Suffixed(BigInteger value, String suffix) {}

  static {
    for (int i = 0; i < NAMES.size(); i++) {
      String name = NAMES.get(i);
      BigInteger value = BigInteger.valueOf(i + 1L);
      ONES.put(name, i + 1);
      ONES_SUFFIXED.put(name.equals("six") ? "sixes" : name + "s", new Suffixed(value, "s"));
      if (i + 1 > 3 && i + 1 != 5 && i + 1 != 12) {
        ONES_SUFFIXED.put(name + (name.endsWith("t") ? "h" : "th"), new Suffixed(value, "th"));
      }
    }
    ordinal("zeroth", 0, "th");
    ordinal("first", 1, "st");
    ordinal("second", 2, "nd");
    ordinal("third", 3, "rd");
    ordinal("fifth", 5, "th");
    ordinal("twelfth", 12, "th");
    for (int i = 0; i < TEN_NAMES.size(); i++) {
      String name = TEN_NAMES.get(i);
      BigInteger value = BigInteger.valueOf(20L + 10L * i);
      TENS.put(name, value.intValue());
      TENS_SUFFIXED.put(name.replace("y", "ies"), new Suffixed(value, "s"));
      TENS_SUFFIXED.put(name.replace("y", "ieth"), new Suffixed(value, "th"));
    }
    multiplier("hundred", BigInteger.valueOf(100));
    for (int i = 0; i < POWERS.size(); i++) {
      multiplier(POWERS.get(i), BigInteger.TEN.pow(3 * (i + 1)));
    }
    DECIMALS.addAll(ONES.keySet());
    DECIMALS.addAll(TENS.keySet());
    List.of(
            ZEROS,
            ONES.keySet(),
            ONES_SUFFIXED.keySet(),
            TENS.keySet(),
            TENS_SUFFIXED.keySet(),
            MULTIPLIERS.keySet(),
            MULTIPLIERS_SUFFIXED.keySet(),
            SIGNS.keySet(),
            CURRENCIES.keySet(),
            SUFFIXERS,
            SPECIALS)
        .forEach(WORDS::addAll);
  }

  private final List<String> made = new ArrayList<>();
  private @Nullable String prefix;

  /** The number so far: as an integer, or as digits in the order in which they were said. */
  private @Nullable BigInteger number;

  private @Nullable String digits;

  private SpokenNumbers() {}

  private static void ordinal(String name, int value, String suffix) {
    ONES_SUFFIXED.put(name, new Suffixed(BigInteger.valueOf(value), suffix));
  }

  private static void multiplier(String name, BigInteger value) {
    MULTIPLIERS.put(name, value);
    MULTIPLIERS_SUFFIXED.put(name + "s", new Suffixed(value, "s"));
    MULTIPLIERS_SUFFIXED.put(name + "th", new Suffixed(value, "th"));
  }

  private static Pattern unicode(String expression) {
    return Pattern.compile(expression, Pattern.UNICODE_CHARACTER_CLASS);
  }

  /** Replaces the numbers of a text in lower case. */
  static String replace(String text) {
    SpokenNumbers numbers = new SpokenNumbers();
    List<String> words = PythonText.split(prepared(text));
    boolean skip = false;
    for (int i = 0; i < words.size(); i++) {
      if (skip) {
        skip = false;
      } else {
        String before = i > 0 ? words.get(i - 1) : "";
        String after = i + 1 < words.size() ? words.get(i + 1) : "";
        skip = numbers.read(before, words.get(i), after);
      }
    }
    numbers.finish();
    return finished(String.join(" ", numbers.made));
  }

  private static String prepared(String text) {
    List<String> parts = new ArrayList<>();
    String[] segments = HALF.split(text, -1);
    for (int i = 0; i < segments.length; i++) {
      List<String> words = PythonText.split(segments[i]);
      if (words.isEmpty()) {
        continue;
      }
      parts.add(segments[i]);
      if (i < segments.length - 1) {
        String last = words.get(words.size() - 1);
        boolean counts = DECIMALS.contains(last) || MULTIPLIERS.containsKey(last);
        parts.add(counts ? "point five" : "and a half");
      }
    }
    String apart = LETTER_DIGIT.matcher(String.join(" ", parts)).replaceAll("$1 $2");
    apart = DIGIT_LETTER.matcher(apart).replaceAll("$1 $2");
    return SUFFIX.matcher(apart).replaceAll("$1$2");
  }

  private static String finished(String text) {
    String joined =
        CENTS
            .matcher(text)
            .replaceAll(
                found ->
                    "\\%s%s.%02d"
                        .formatted(
                            found.group(1), found.group(2), Integer.parseInt(found.group(3))));
    String cents =
        ONLY_CENTS
            .matcher(joined)
            .replaceAll((MatchResult found) -> "¢" + Integer.parseInt(found.group(1)));
    return ONE.matcher(cents).replaceAll("one$1");
  }

  /** Reads a word; returns whether it used up the next one too. */
  private boolean read(String before, String word, String after) {
    boolean numberFollows = NUMBER.matcher(after).matches();
    boolean prefixed = PREFIXES.indexOf(word.charAt(0)) >= 0;
    String bare = prefixed ? word.substring(1) : word;
    if (NUMBER.matcher(bare).matches()) {
      arabic(word, prefixed, bare);
    } else if (!WORDS.contains(word)) {
      finish();
      put(word);
    } else if (ZEROS.contains(word)) {
      say(said() + "0");
    } else if (ONES.containsKey(word)) {
      units(before, BigInteger.valueOf(ONES.get(word)));
    } else if (ONES_SUFFIXED.containsKey(word)) {
      Suffixed ending = ONES_SUFFIXED.get(word);
      units(before, ending.value());
      end(ending.suffix());
    } else if (TENS.containsKey(word)) {
      tens(BigInteger.valueOf(TENS.get(word)));
    } else if (TENS_SUFFIXED.containsKey(word)) {
      Suffixed ending = TENS_SUFFIXED.get(word);
      tens(ending.value());
      end(ending.suffix());
    } else if (MULTIPLIERS.containsKey(word)) {
      multiply(MULTIPLIERS.get(word), false);
    } else if (MULTIPLIERS_SUFFIXED.containsKey(word)) {
      Suffixed ending = MULTIPLIERS_SUFFIXED.get(word);
      multiply(ending.value(), true);
      end(ending.suffix());
    } else if (SIGNS.containsKey(word)) {
      finish();
      if (WORDS.contains(after) || numberFollows) {
        prefix = SIGNS.get(word);
      } else {
        put(word);
      }
    } else if (CURRENCIES.containsKey(word)) {
      if (isOpen()) {
        prefix = CURRENCIES.get(word);
        finish();
      } else {
        put(word);
      }
    } else if (SUFFIXERS.contains(word)) {
      return percent(word, after);
    } else {
      return special(before, word, after, numberFollows);
    }
    return false;
  }

  private void arabic(String word, boolean prefixed, String bare) {
    if (digits != null && digits.endsWith(".")) {
      say(digits + word);
      return;
    }
    finish();
    if (prefixed) {
      prefix = word.substring(0, 1);
    }
    BigDecimal value = decimal(bare).stripTrailingZeros();
    if (value.scale() <= 0) {
      count(value.toBigIntegerExact());
    } else {
      say(bare);
    }
  }

  private static BigDecimal decimal(String text) {
    return new BigDecimal(text.endsWith(".") ? text + "0" : text);
  }

  private void units(String before, BigInteger ones) {
    if (!isOpen()) {
      count(ones);
    } else if (digits != null || ONES.containsKey(before)) {
      String all = text();
      boolean small = ones.compareTo(BigInteger.TEN) < 0;
      if (TENS.containsKey(before) && small) {
        all = all.substring(0, all.length() - 1);
      }
      say(all + ones);
    } else {
      add(ones, ones.compareTo(BigInteger.TEN) < 0 ? 10 : 100);
    }
  }

  private void tens(BigInteger tens) {
    if (!isOpen()) {
      count(tens);
    } else if (digits != null) {
      say(digits + tens);
    } else {
      add(tens, 100);
    }
  }

  /** Adds to a number that ends in zeros; otherwise the digits follow one another. */
  private void add(BigInteger more, int unit) {
    BigInteger held = Objects.requireNonNull(number);
    if (held.mod(BigInteger.valueOf(unit)).signum() == 0) {
      count(held.add(more));
    } else {
      say(held.toString() + more);
    }
  }

  private void multiply(BigInteger multiplier, boolean plain) {
    if (!isOpen()) {
      count(multiplier);
    } else if (digits != null || (!plain && isZero())) {
      String all = text();
      BigDecimal product =
          FRACTION.matcher(all).matches()
              ? decimal(all).multiply(new BigDecimal(multiplier)).stripTrailingZeros()
              : null;
      if (product != null && product.scale() <= 0) {
        count(product.toBigIntegerExact());
      } else {
        finish();
        count(multiplier);
      }
    } else {
      BigInteger[] parts =
          Objects.requireNonNull(number).divideAndRemainder(BigInteger.valueOf(1000));
      BigInteger before = parts[0].multiply(BigInteger.valueOf(1000));
      count(before.add(parts[1].multiply(multiplier)));
    }
  }

  private boolean isZero() {
    return number != null && number.signum() == 0;
  }

  private boolean percent(String word, String after) {
    if (!isOpen()) {
      put(word);
    } else if (word.equals("percent")) {
      end("%");
    } else if (after.equals("cent")) {
      end("%");
      return true;
    } else {
      finish();
      put(word);
    }
    return false;
  }

  private boolean special(String before, String word, String after, boolean numberFollows) {
    if (!WORDS.contains(after) && !numberFollows) {
      finish();
      put(word);
    } else if (word.equals("and")) {
      if (!MULTIPLIERS.containsKey(before)) {
        finish();
        put(word);
      }
    } else if (word.equals("point")) {
      if (DECIMALS.contains(after) || numberFollows) {
        say(said() + ".");
      }
    } else if (ONES.containsKey(after) || ZEROS.contains(after)) {
      String one = String.valueOf(ONES.getOrDefault(after, 0));
      say(said() + one.repeat(word.equals("double") ? 2 : 3));
      return true;
    } else {
      finish();
      put(word);
    }
    return false;
  }

  private boolean isOpen() {
    return number != null || digits != null;
  }

  private String text() {
    return digits == null ? String.valueOf(number) : digits;
  }

  /** Returns the number so far as digits; none for 0. */
  private String said() {
    return !isOpen() || isZero() ? "" : text();
  }

  private void say(String all) {
    digits = all;
    number = null;
  }

  private void count(BigInteger value) {
    number = value;
    digits = null;
  }

  private void end(String suffix) {
    say(text() + suffix);
    finish();
  }

  private void finish() {
    if (isOpen()) {
      put(text());
    }
  }

  private void put(String word) {
    made.add(prefix == null ? word : prefix + word);
    prefix = null;
    number = null;
    digits = null;
  }
}
