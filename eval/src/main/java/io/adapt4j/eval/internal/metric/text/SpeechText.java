package io.adapt4j.eval.internal.metric.text;

import java.text.Normalizer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Whisper's normalizers of transcripts (Radford et al. 2022, appendix C). */
public final class SpeechText {

  private static final Pattern BRACKETS = unicode("[<\\[][^>\\]]*[>\\]]");
  private static final Pattern PARENTHESES = unicode("\\(([^)]+?)\\)");
  private static final Pattern FILLERS = unicode("\\b(hmm|mm|mhm|mmm|uh|um)\\b");
  private static final Pattern APOSTROPHE = unicode("\\s+'");
  private static final Pattern COMMA = unicode("(\\d),(\\d)");
  private static final Pattern PERIOD = unicode("\\.([^0-9]|$)");
  private static final Pattern STRAY_PREFIX = unicode("[.$¢€£]([^0-9])");
  private static final Pattern STRAY_PERCENT = unicode("([^0-9])%");
  private static final Pattern SPACES = unicode("\\s+");
  private static final Pattern GRAPHEME = Pattern.compile("\\X");
  private static final String KEPT = ".%$¢€£";

  /** Letters that Unicode does not take apart. */
  private static final Map<Integer, String> LETTERS =
      Map.ofEntries(
          Map.entry((int) 'œ', "oe"),
          Map.entry((int) 'Œ', "OE"),
          Map.entry((int) 'ø', "o"),
          Map.entry((int) 'Ø', "O"),
          Map.entry((int) 'æ', "ae"),
          Map.entry((int) 'Æ', "AE"),
          Map.entry((int) 'ß', "ss"),
          Map.entry((int) 'ẞ', "SS"),
          Map.entry((int) 'đ', "d"),
          Map.entry((int) 'Đ', "D"),
          Map.entry((int) 'ð', "d"),
          Map.entry((int) 'Ð', "D"),
          Map.entry((int) 'þ', "th"),
          Map.entry((int) 'Þ', "th"),
          Map.entry((int) 'ł', "l"),
          Map.entry((int) 'Ł', "L"));

  private static final Map<Pattern, String> EXPANSIONS = new LinkedHashMap<>();

  static {
    word("won't", "will not");
    word("can't", "can not");
    word("let's", "let us");
    word("ain't", "aint");
    word("y'all", "you all");
    word("wanna", "want to");
    word("gotta", "got to");
    word("gonna", "going to");
    word("i'ma", "i am going to");
    word("imma", "i am going to");
    word("woulda", "would have");
    word("coulda", "could have");
    word("shoulda", "should have");
    word("ma'am", "madam");
    word("mr", "mister ");
    word("mrs", "missus ");
    word("st", "saint ");
    word("dr", "doctor ");
    word("prof", "professor ");
    word("capt", "captain ");
    word("gov", "governor ");
    word("ald", "alderman ");
    word("gen", "general ");
    word("sen", "senator ");
    word("rep", "representative ");
    word("pres", "president ");
    word("rev", "reverend ");
    word("hon", "honorable ");
    word("asst", "assistant ");
    word("assoc", "associate ");
    word("lt", "lieutenant ");
    word("col", "colonel ");
    word("jr", "junior ");
    word("sr", "senior ");
    word("esq", "esquire ");
    ending("'d been", " had been");
    ending("'s been", " has been");
    ending("'d gone", " had gone");
    ending("'s gone", " has gone");
    ending("'d done", " had done");
    ending("'s got", " has got");
    ending("n't", " not");
    ending("'re", " are");
    ending("'s", " is");
    ending("'d", " would");
    ending("'ll", " will");
    ending("'t", " not");
    ending("'ve", " have");
    ending("'m", " am");
  }

  private SpeechText() {}

  private static void word(String written, String spoken) {
    EXPANSIONS.put(unicode("\\b" + written + "\\b"), spoken);
  }

  private static void ending(String written, String spoken) {
    EXPANSIONS.put(unicode(written + "\\b"), spoken);
  }

  private static Pattern unicode(String expression) {
    return Pattern.compile(expression, Pattern.UNICODE_CHARACTER_CLASS);
  }

  /** Normalizes a text of any language. */
  public static String basic(String text, boolean removeDiacritics, boolean splitLetters) {
    String plain = withoutRemarks(PythonText.lower(text));
    String clean =
        PythonText.lower(removeDiacritics ? withoutDiacritics(plain, "") : withoutSymbols(plain));
    if (splitLetters) {
      clean =
          GRAPHEME
              .matcher(clean)
              .results()
              .map(found -> found.group())
              .collect(Collectors.joining(" "));
    }
    return SPACES.matcher(clean).replaceAll(" ");
  }

  /** Normalizes an English text. */
  public static String english(String text, Map<String, String> spellings) {
    String plain = withoutRemarks(PythonText.lower(text));
    plain = FILLERS.matcher(plain).replaceAll("");
    plain = APOSTROPHE.matcher(plain).replaceAll("'");
    for (Map.Entry<Pattern, String> expansion : EXPANSIONS.entrySet()) {
      plain = expansion.getKey().matcher(plain).replaceAll(expansion.getValue());
    }
    plain = COMMA.matcher(plain).replaceAll("$1$2");
    plain = PERIOD.matcher(plain).replaceAll(" $1");
    plain = SpokenNumbers.replace(withoutDiacritics(plain, KEPT));
    plain =
        PythonText.split(plain).stream()
            .map(word -> spellings.getOrDefault(word, word))
            .collect(Collectors.joining(" "));
    plain = STRAY_PREFIX.matcher(plain).replaceAll(" $1");
    plain = STRAY_PERCENT.matcher(plain).replaceAll("$1 ");
    return SPACES.matcher(plain).replaceAll(" ");
  }

  private static String withoutRemarks(String text) {
    return PARENTHESES.matcher(BRACKETS.matcher(text).replaceAll("")).replaceAll("");
  }

  private static String withoutDiacritics(String text, String kept) {
    StringBuilder made = new StringBuilder();
    Normalizer.normalize(text, Normalizer.Form.NFKD)
        .codePoints()
        .forEach(
            c -> {
              if (kept.indexOf(c) >= 0) {
                made.appendCodePoint(c);
              } else if (LETTERS.containsKey(c)) {
                made.append(LETTERS.get(c));
              } else if (Character.getType(c) != Character.NON_SPACING_MARK) {
                made.appendCodePoint(isSymbol(c) ? ' ' : c);
              }
            });
    return made.toString();
  }

  private static String withoutSymbols(String text) {
    StringBuilder made = new StringBuilder();
    Normalizer.normalize(text, Normalizer.Form.NFKC)
        .codePoints()
        .forEach(c -> made.appendCodePoint(isSymbol(c) ? ' ' : c));
    return made.toString();
  }

  /** Returns whether a character is a mark, a symbol or punctuation. */
  private static boolean isSymbol(int c) {
    return switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK,
          Character.COMBINING_SPACING_MARK,
          Character.ENCLOSING_MARK,
          Character.MATH_SYMBOL,
          Character.CURRENCY_SYMBOL,
          Character.MODIFIER_SYMBOL,
          Character.OTHER_SYMBOL,
          Character.CONNECTOR_PUNCTUATION,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION ->
          true;
      default -> false;
    };
  }
}
