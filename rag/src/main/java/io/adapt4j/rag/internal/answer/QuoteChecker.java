package io.adapt4j.rag.internal.answer;

import io.adapt4j.rag.answer.Quote;
import io.adapt4j.rag.document.Span;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds quotations in an answer and searches the sources for their words. */
final class QuoteChecker {

  /** Minimum length of a quotation; shorter ones are terms, titles or figurative words. */
  private static final int LEAST_WORDS = 3;

  private static final Pattern QUOTED =
      Pattern.compile("\"([^\"]+)\"|“([^“”\"]+)”|„([^„“”]+)[“”]|«([^«»]+)»");
  private static final Pattern SPACE = Pattern.compile("\\s+");

  private QuoteChecker() {}

  static List<Quote> check(String answer, List<Source> sources) {
    List<Quote> quotes = new ArrayList<>();
    Matcher matcher = QUOTED.matcher(answer);
    while (matcher.find()) {
      String words = words(matcher);
      if (SPACE.split(words, -1).length >= LEAST_WORDS) {
        quotes.add(new Quote(words, place(words, sources)));
      }
    }
    return quotes;
  }

  private static String words(Matcher matcher) {
    for (int group = 1; group <= matcher.groupCount(); group++) {
      if (matcher.group(group) != null) {
        return matcher.group(group).strip();
      }
    }
    throw new IllegalStateException("One of the alternatives has matched");
  }

  private static Optional<Quote.Place> place(String words, List<Source> sources) {
    // The full stop or comma at a quotation's end is often the sentence's.
    String sought = Plain.of(words).text.replaceFirst("[.,;:!?…]+$", "");
    for (Source source : sources) {
      Plain plain = Plain.of(source.passage().text());
      int at = sought.isEmpty() ? -1 : plain.text.indexOf(sought);
      if (at >= 0) {
        int base = source.passage().span().start();
        Span span =
            new Span(base + plain.places[at], base + plain.places[at + sought.length() - 1] + 1);
        return Optional.of(new Quote.Place(source.number(), source.passage().documentId(), span));
      }
    }
    return Optional.empty();
  }

  /** A text with normalized whitespace and quotation marks. */
  private static final class Plain {

    private final String text;

    /** Position of each character in the original. */
    private final int[] places;

    private Plain(String text, int[] places) {
      this.text = text;
      this.places = places;
    }

    static Plain of(String original) {
      StringBuilder text = new StringBuilder(original.length());
      int[] places = new int[original.length()];
      for (int i = 0; i < original.length(); i++) {
        char character = plain(ControlTexts.original(original.charAt(i)));
        boolean again =
            character == ' ' && !text.isEmpty() && text.charAt(text.length() - 1) == ' ';
        if (!again) {
          places[text.length()] = i;
          text.append(character);
        }
      }
      return new Plain(text.toString(), places);
    }

    private static char plain(char character) {
      return switch (character) {
        case '’', '‘', '`' -> '\'';
        case '“', '”', '„' -> '"';
        case '\u00a0' -> ' ';
        default -> Character.isWhitespace(character) ? ' ' : character;
      };
    }
  }
}
