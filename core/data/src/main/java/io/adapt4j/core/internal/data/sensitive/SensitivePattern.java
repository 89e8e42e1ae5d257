package io.adapt4j.core.internal.data.sensitive;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Patterns of personal data and secrets, most telling first. Every repetition is bounded and starts
 * only where a word starts, so that searching takes linear time on every text.
 */
final class SensitivePattern {

  static final List<SensitivePattern> ALL =
      List.of(
          // User name and password in a URL.
          new SensitivePattern(
              "URL_CREDENTIALS",
              "://",
              "(?<=://)[^\\s/:@\\[\\]]{1,128}+:[^\\s/@]{1,256}+(?=@)",
              String::length),
          // JSON web token.
          new SensitivePattern(
              "JWT",
              "eyJ",
              "(?<![\\w-])eyJ[\\w-]{10,4000}+\\.eyJ[\\w-]{10,4000}+\\.[\\w-]{10,4000}+(?![\\w-])",
              String::length),
          // Key or token of a service by its published prefix.
          new SensitivePattern(
              "API_KEY",
              "",
              "(?<![\\w-])(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,255}+"
                  + "|github_pat_\\w{22,255}+|glpat-[\\w-]{20,64}+|AIza[\\w-]{35}|hf_[A-Za-z0-9]{30,64}+"
                  + "|sk-[\\w-]{20,255}+|xox[abeprs]-[A-Za-z0-9-]{10,255}+"
                  + "|[sr]k_live_[0-9a-zA-Z]{20,255}+)(?![\\w-])"
                  + "|(?<=(?i:aws_secret_access_key)[ =:\"']{1,4})[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])",
              // Words joined by hyphens are no key.
              whole(
                  found -> !found.startsWith("sk-") || found.chars().anyMatch(Character::isDigit))),
          // E-mail address.
          new SensitivePattern(
              "EMAIL",
              "@",
              "(?<![\\p{L}\\p{N}._%+-])[\\p{L}\\p{N}._%+-]{1,64}+@(?:[\\p{L}\\p{N}-]{1,63}+\\.){1,8}"
                  + "(?!(?i:png|jpe?g|gif|svg|webp)\\b)(?:xn--[A-Za-z0-9-]{2,40}+|\\p{L}{2,24}+)"
                  + "(?![\\p{L}\\p{N}])",
              String::length),
          // Payment card.
          new SensitivePattern(
              "CARD",
              "",
              "(?=[2-6])(?<![\\p{L}\\p{N}_.-])[2-6][0-9]{3}(?:[ -]?[0-9]){9,15}(?![0-9]|[.-][0-9])",
              SensitivePattern::cardLength),
          // Social security number of the USA.
          new SensitivePattern(
              "US_SSN",
              "",
              "(?=[0-9])(?<![\\p{L}\\p{N}_-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}"
                  + "(?![\\p{L}\\p{N}_-])",
              String::length),
          // German tax identification number.
          new SensitivePattern(
              "GERMAN_TAX_ID",
              "",
              "(?=[1-9])(?<![\\p{L}\\p{N}_.-])[1-9](?:[0-9]{10}|[0-9] [0-9]{3} [0-9]{3} [0-9]{3})"
                  + "(?![\\p{L}\\p{N}_]|[.-][0-9])",
              whole(found -> CheckDigits.isGermanTaxId(CheckDigits.digits(found)))),
          // Brazilian CPF.
          new SensitivePattern(
              "BRAZILIAN_CPF",
              "",
              "(?=[0-9])(?<![\\p{L}\\p{N}_.-])[0-9]{3}\\.[0-9]{3}\\.[0-9]{3}-[0-9]{2}(?![\\p{L}\\p{N}_-])",
              whole(found -> CheckDigits.isCpf(CheckDigits.digits(found)))),
          // Spanish DNI.
          new SensitivePattern(
              "SPANISH_DNI",
              "",
              "(?=[0-9])(?<![\\p{L}\\p{N}_.-])[0-9]{8}-?[A-HJ-NP-TV-Z](?![\\p{L}\\p{N}_-])",
              whole(CheckDigits::isDni)),
          // IP address; loopback and unspecified addresses belong to nobody.
          new SensitivePattern(
              "IP_ADDRESS",
              "",
              "(?=[0-9])(?<![\\p{L}\\p{N}_.:/-])(?<!(?i:version|release|ver)[ :=\"']{1,4})"
                  + "(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
                  + "(?![\\p{L}\\p{N}_-]|\\.[0-9])"
                  + "|(?<=://)(?:[0-9]{1,3}\\.){3}[0-9]{1,3}(?![\\p{L}\\p{N}_-]|\\.[0-9])"
                  + "|(?<![\\p{L}\\p{N}_.:])[0-9a-fA-F]{1,4}:[0-9a-fA-F:]{2,36}(?![\\p{L}\\p{N}_:])",
              whole(SensitivePattern::isAddress)),
          // Phone number with a country code, or in the North American format.
          new SensitivePattern(
              "PHONE",
              "",
              "(?=\\+)(?<![\\p{L}\\p{N}_+])\\+[1-9](?:[ ./()-]{0,2}[0-9]){7,14}(?![0-9])"
                  + "|(?=0)(?<![\\p{L}\\p{N}_.-])00[1-9][0-9]{0,2}[ /-](?:[ ./()-]{0,2}[0-9]){6,12}(?![0-9])"
                  + "|(?=[(1-9])(?<![\\p{L}\\p{N}_.-])(?:1[ .-])?(?:\\([2-9][0-9]{2}\\) ?|[2-9][0-9]{2}[.-])"
                  + "[2-9][0-9]{2}[.-][0-9]{4}(?![\\p{L}\\p{N}_-]|\\.[0-9])",
              String::length));

  private final String kind;

  /** Part of every match; a digit if it is empty. */
  private final String part;

  private final Pattern pattern;

  /** Returns the length of the real part of a match, 0 if there is none. */
  private final ToIntFunction<String> length;

  private SensitivePattern(String kind, String part, String pattern, ToIntFunction<String> length) {
    this.kind = kind;
    this.part = part;
    this.pattern = Pattern.compile(pattern);
    this.length = length;
  }

  String kind() {
    return kind;
  }

  static Set<String> kinds() {
    Stream<String> scans = Stream.of(SensitiveScans.PRIVATE_KEY, SensitiveScans.IBAN);
    return Stream.concat(scans, ALL.stream().map(SensitivePattern::kind))
        .collect(Collectors.toUnmodifiableSet());
  }

  List<SensitiveSpan> find(String text) {
    List<SensitiveSpan> found = new ArrayList<>();
    boolean possible =
        part.isEmpty() ? text.chars().anyMatch(c -> c >= '0' && c <= '9') : text.contains(part);
    if (!possible) {
      return found;
    }
    Matcher matcher = pattern.matcher(text);
    for (int at = 0; at < text.length() && matcher.find(at); ) {
      int real = length.applyAsInt(matcher.group());
      at = matcher.start() + Math.max(1, real);
      if (real > 0) {
        found.add(new SensitiveSpan(kind, matcher.start(), at));
      }
    }
    return found;
  }

  private static ToIntFunction<String> whole(Predicate<String> isReal) {
    return found -> isReal.test(found) ? found.length() : 0;
  }

  /** Leaves out numbers after a card's, such as its month of expiry. */
  private static int cardLength(String found) {
    for (int end = found.length(); end > 12; end--) {
      boolean whole = end == found.length() || !Character.isDigit(found.charAt(end));
      String digits = CheckDigits.digits(found.substring(0, end));
      if (whole && digits.length() > 12 && CheckDigits.isCard(digits)) {
        return Character.isDigit(found.charAt(end - 1)) ? end : end - 1;
      }
    }
    return 0;
  }

  private static boolean isAddress(String found) {
    if (found.indexOf(':') < 0) {
      return !found.startsWith("127.") && !found.startsWith("0.") && octetsFit(found);
    }
    // A time has no group of three, and neither has most of what is separated by two colons.
    String[] groups = found.split(":", -1);
    boolean shortened = found.contains("::");
    int filled = 0;
    for (String group : groups) {
      if (group.length() > 4) {
        return false;
      }
      filled += group.isEmpty() ? 0 : 1;
    }
    return (shortened ? filled < 8 && found.indexOf("::") == found.lastIndexOf("::") : filled == 8)
        && groups[0].length() >= 3
        && !found.contains(":::")
        && found.chars().anyMatch(Character::isDigit);
  }

  private static boolean octetsFit(String address) {
    for (String octet : address.split("\\.", -1)) {
      if (Integer.parseInt(octet) > 255) {
        return false;
      }
    }
    return true;
  }
}
