package io.adapt4j.core.internal.data.sensitive;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Check digits of account, card and tax numbers. */
final class CheckDigits {

  /** Lengths of IBANs by country (SWIFT's registry, release 99). */
  private static final String IBAN_LENGTHS =
      "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29"
          + "ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30"
          + "KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24"
          + "PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29"
          + "VA22VG24XK20YE30";

  /** Issuers of cards (ISO/IEC 7812): first and last prefix, least and most digits. */
  private static final int[][] ISSUERS = {
    {2221, 2720, 16, 16},
    {3000, 3059, 14, 19},
    {3095, 3095, 14, 19},
    {3400, 3499, 15, 15},
    {3528, 3589, 16, 19},
    {3600, 3699, 14, 19},
    {3700, 3799, 15, 15},
    {3800, 3999, 14, 19},
    {4000, 4999, 13, 19},
    {5000, 5099, 13, 19},
    {5100, 5599, 16, 16},
    {5600, 5999, 13, 19},
    {6000, 6999, 16, 19}
  };

  private static final Map<String, Integer> IBANS = new HashMap<>();

  static {
    for (int i = 0; i < IBAN_LENGTHS.length(); i += 4) {
      IBANS.put(
          IBAN_LENGTHS.substring(i, i + 2), Integer.parseInt(IBAN_LENGTHS.substring(i + 2, i + 4)));
    }
  }

  private CheckDigits() {}

  static String digits(String text) {
    StringBuilder digits = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= '0' && text.charAt(i) <= '9') {
        digits.append(text.charAt(i));
      }
    }
    return digits.toString();
  }

  /** Returns the length of a country's IBANs; 0 if it has none. */
  static int ibanLength(String country) {
    return IBANS.getOrDefault(country, 0);
  }

  /** Checks an IBAN without spaces (ISO 13616, modulo 97). */
  static boolean isIban(String iban) {
    String moved = (iban.substring(4) + iban.substring(0, 4)).toUpperCase(Locale.ROOT);
    int rest = 0;
    for (int i = 0; i < moved.length(); i++) {
      int value = Character.digit(moved.charAt(i), 36);
      rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97;
    }
    return rest == 1;
  }

  /** Returns whether a payment card's issuer, length and Luhn digit fit. */
  static boolean isCard(String digits) {
    int prefix = Integer.parseInt(digits.substring(0, 4));
    int length = digits.length();
    for (int[] issuer : ISSUERS) {
      if (prefix >= issuer[0] && prefix <= issuer[1]) {
        return length >= issuer[2] && length <= issuer[3] && isLuhn(digits);
      }
    }
    return false;
  }

  private static boolean isLuhn(String digits) {
    int sum = 0;
    for (int i = 0; i < digits.length(); i++) {
      int digit = digits.charAt(digits.length() - 1 - i) - '0';
      int value = i % 2 == 1 ? 2 * digit : digit;
      sum += value > 9 ? value - 9 : value;
    }
    return sum % 10 == 0;
  }

  /**
   * Checks a German tax identification number: one digit of the first ten occurs twice or three
   * times, the others at most once, and the last is the check digit of ISO/IEC 7064 (11, 10).
   */
  static boolean isGermanTaxId(String digits) {
    int[] counts = new int[10];
    int product = 10;
    for (int i = 0; i < 10; i++) {
      int digit = digits.charAt(i) - '0';
      counts[digit]++;
      int sum = (digit + product) % 10;
      product = 2 * (sum == 0 ? 10 : sum) % 11;
    }
    int repeated = 0;
    for (int count : counts) {
      repeated += count == 2 || count == 3 ? 1 : count > 3 ? 2 : 0;
    }
    return repeated == 1 && (11 - product) % 10 == digits.charAt(10) - '0';
  }

  /** Checks a Brazilian CPF: two digits modulo 11. */
  static boolean isCpf(String digits) {
    boolean differ = digits.chars().distinct().count() > 1;
    return differ && isCpfDigit(digits, 9) && isCpfDigit(digits, 10);
  }

  private static boolean isCpfDigit(String digits, int at) {
    int sum = 0;
    for (int i = 0; i < at; i++) {
      sum += (digits.charAt(i) - '0') * (at + 1 - i);
    }
    return sum * 10 % 11 % 10 == digits.charAt(at) - '0';
  }

  /** Checks a Spanish DNI: eight digits and a letter modulo 23. */
  static boolean isDni(String dni) {
    int number = Integer.parseInt(dni.substring(0, 8));
    return "TRWAGMYFPDXBNJZSQVHLCKE".charAt(number % 23) == dni.charAt(dni.length() - 1);
  }
}
