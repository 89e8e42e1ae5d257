package io.adapt4j.structured.internal.schema;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Formats of strings as expressions. Every match has the format; a few texts that have it are not
 * matched, such as leap seconds and offsets that Java's classes refuse.
 */
final class Formats {

  private static final String DATE =
      "(?:\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])"
          + "|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))"
          + "|(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)";
  private static final String TIME =
      "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?" + "(?:Z|[+-](?:0\\d|1[0-7]):[0-5]\\d)";
  private static final String ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}";
  private static final String LABEL = "[A-Za-z0-9]{1,20}(?:-[A-Za-z0-9]{1,20}){0,2}";
  private static final String HOST = LABEL + "(?:\\." + LABEL + "){0,2}";

  /** Validators refuse addresses whose top-level domain is a single letter or has digits. */
  private static final String MAIL_HOST = LABEL + "(?:(?:\\." + LABEL + ")?\\.[A-Za-z]{2,20})?";

  private static final String BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]\\d|\\d)";
  private static final String IPV4 = BYTE + "(?:\\." + BYTE + "){3}";
  private static final String H16 = "[0-9A-Fa-f]{1,4}";
  private static final String LS32 = "(?:" + H16 + ":" + H16 + "|" + IPV4 + ")";
  private static final String ENCODED = "%[0-9A-Fa-f]{2}";
  private static final String SEGMENT = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|" + ENCODED + ")";
  private static final String DURATION_TIME =
      "T(?:\\d+H(?:\\d+M(?:\\d+S)?)?|\\d+M(?:\\d+S)?|\\d+S)";

  private static final String POINTER = "(?:/(?:[^~/]|~[01])*)*";

  /** Names that are meant as formats, and the formats. */
  private static final Map<String, String> MISTAKEN =
      Map.of(
          "datetime", "date-time",
          "date_time", "date-time",
          "url", "uri",
          "guid", "uuid",
          "ip", "ipv4",
          "ip-address", "ipv4",
          "host-name", "hostname",
          "e-mail", "email");

  private static final Map<String, String> KNOWN =
      known(
          "date",
          DATE,
          "time",
          TIME,
          "date-time",
          DATE + "T" + TIME,
          "duration",
          "P(?:(?:\\d+Y(?:\\d+M(?:\\d+D)?)?|\\d+M(?:\\d+D)?|\\d+D)(?:"
              + DURATION_TIME
              + ")?|"
              + DURATION_TIME
              + "|\\d+W)",
          "uuid",
          "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
          "email",
          ATOM + "(?:\\." + ATOM + "){0,2}@" + MAIL_HOST,
          "hostname",
          HOST,
          "ipv4",
          IPV4,
          "ipv6",
          ipv6(),
          "uri",
          uri(),
          "uri-reference",
          "(?:" + uri() + "|" + relative() + ")",
          "uri-template",
          template(),
          "json-pointer",
          POINTER,
          "relative-json-pointer",
          "(?:0|[1-9]\\d{0,9})(?:#|" + POINTER + ")",
          "regex",
          expression(),
          "byte",
          "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?");

  /** Formats that every text has: they say how a text is shown or entered. */
  private static final Set<String> OF_EVERY_TEXT =
      Set.of("password", "binary", "text", "textarea", "multiline", "markdown");

  /** Formats of numbers that every number has. */
  private static final Set<String> OF_EVERY_NUMBER = Set.of("float", "double");

  /** Formats of integers, and their bits with that of the sign. */
  private static final Map<String, Integer> INTEGERS =
      Map.of("int8", 8, "int16", 16, "int32", 32, "int64", 64);

  private static final Map<String, Integer> UNSIGNED_INTEGERS =
      Map.of("uint8", 8, "uint16", 16, "uint32", 32, "uint64", 64);

  private Formats() {}

  private static Map<String, String> known(String... pairs) {
    Map<String, String> all = new HashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      all.put(pairs[i], pairs[i + 1]);
    }
    return all;
  }

  private static String relative() {
    String first = "(?:[A-Za-z0-9._~!$&'()*+,;=@-]|" + ENCODED + ")+";
    String rest = "(?:" + SEGMENT + "|/|\\?)*";
    return "(?:(?://"
        + HOST
        + "(?::\\d{1,5})?)?(?:/(?:"
        + SEGMENT
        + "+/?)*)?|"
        + first
        + "(?:/"
        + SEGMENT
        + "*)*)(?:\\?"
        + rest
        + ")?(?:#"
        + rest
        + ")?";
  }

  private static String template() {
    String variable = "[A-Za-z0-9_]{1,40}(?:\\*|:[1-9]\\d{0,3})?";
    return "(?:[A-Za-z0-9._~!$&()*+,;=:@/?#-]|"
        + ENCODED
        + "|\\{[+#./;?&]?"
        + variable
        + "(?:,"
        + variable
        + ")*\\})*";
  }

  /** Regular expressions with groups that are not nested. */
  private static String expression() {
    String item = "(?:a-z|A-Z|0-9|[A-Za-z0-9_ .,:@/]|\\\\[dDwWsS.\\]\\[\\\\-])";
    String atom =
        "(?:[A-Za-z0-9 _:@%&=,;<>~\"'#!/.-]|\\\\[dDwWsSnrt.*+?()\\[\\]{}^$|/\\\\]|\\[\\^?"
            + item
            + "+-?\\])";
    String term = atom + "(?:(?:[*+?]|\\{\\d{1,2},?\\})\\??)?";
    String terms = "(?:" + term + ")*";
    String group = "\\((?:\\?:)?" + terms + "(?:\\|" + terms + ")*\\)(?:[*+?]|\\{\\d{1,2},?\\})?";
    String all = "(?:" + term + "|" + group + ")*";
    return "\\^?" + all + "(?:\\|" + all + ")*\\$?";
  }

  private static String ipv6() {
    StringBuilder all = new StringBuilder("(?:(?:" + H16 + ":){6}" + LS32);
    for (int before = 0; before <= 7; before++) {
      String head = before == 0 ? "" : "(?:" + H16 + ":){0," + (before - 1) + "}" + H16;
      String first = before == 0 ? "" : "(?:" + head + ")?";
      int after = 7 - before;
      String tail =
          after == 0 ? "" : after == 1 ? H16 : "(?:" + H16 + ":){" + (after - 2) + "}" + LS32;
      all.append('|').append(first).append("::").append(tail);
    }
    return all.append(')').toString();
  }

  private static String uri() {
    String user = "(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|" + ENCODED + ")*@)?";
    String name = "(?:[A-Za-z0-9._~!$&'()*+,;=-]|" + ENCODED + ")*";
    String authority = "//" + user + "(?:\\[" + ipv6() + "\\]|" + name + ")(?::\\d{0,5})?";
    String rest = "(?:" + SEGMENT + "|/|\\?)*";
    return "[A-Za-z][A-Za-z0-9+.-]*:(?:"
        + authority
        + "(?:/"
        + SEGMENT
        + "*)*|/(?:"
        + SEGMENT
        + "+(?:/"
        + SEGMENT
        + "*)*)?|"
        + SEGMENT
        + "+(?:/"
        + SEGMENT
        + "*)*)(?:\\?"
        + rest
        + ")?(?:#"
        + rest
        + ")?";
  }

  /** Returns whether a format constrains neither texts nor numbers. */
  static boolean isAnnotation(Part part) {
    return regex(part).isEmpty() && bound(part, "minimum").isEmpty();
  }

  /** Returns the bound that a format gives to numbers. */
  static Optional<BigDecimal> bound(Part part, String keyword) {
    String format = part.get("format").asText();
    int bits = INTEGERS.getOrDefault(format, UNSIGNED_INTEGERS.getOrDefault(format, 0));
    if (bits == 0) {
      return Optional.empty();
    }
    boolean isSigned = INTEGERS.containsKey(format);
    BigInteger end = BigInteger.ONE.shiftLeft(isSigned ? bits - 1 : bits);
    BigInteger least = isSigned ? end.negate() : BigInteger.ZERO;
    return Optional.of(
        new BigDecimal(keyword.equals("minimum") ? least : end.subtract(BigInteger.ONE)));
  }

  private static boolean isOfNumbers(String format) {
    return INTEGERS.containsKey(format)
        || UNSIGNED_INTEGERS.containsKey(format)
        || OF_EVERY_NUMBER.contains(format);
  }

  /** Returns the expression of a format; empty if a format does not constrain a text. */
  static Optional<String> regex(Part part) {
    String format = part.get("format").asText();
    boolean isOther = isOfNumbers(format) || OF_EVERY_TEXT.contains(format);
    if (isOther || !Kind.of(part).contains(Kind.STRING)) {
      return Optional.empty();
    }
    String meant = MISTAKEN.get(format);
    if (meant != null) {
      throw part.unsupported(
          "format", "The format " + format + " is not; did you mean " + meant + "?");
    }
    String regex = KNOWN.get(format);
    if (regex == null) {
      throw part.unsupported(
          "format",
          "The format "
              + Place.shortened(format, Place.MOST_VALUE)
              + " is not; give a pattern instead.");
    }
    return Optional.of(regex);
  }
}
