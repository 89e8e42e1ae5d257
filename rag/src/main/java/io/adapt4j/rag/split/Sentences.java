package io.adapt4j.rag.split;

import java.text.BreakIterator;
import java.util.Locale;
import java.util.Set;

/** Finds breaks at ends of sentences and lines in running text. */
final class Sentences {

  private static final Set<String> ABBREVIATIONS =
      Set.of(
          "al", "approx", "bzw", "cf", "ch", "co", "col", "corp", "dr", "ed", "eq", "etc", "fig",
          "gen", "inc", "jr", "ltd", "lt", "mr", "mrs", "ms", "messrs", "no", "nr", "op", "p", "pp",
          "prof", "rev", "sec", "sr", "st", "usw", "viz", "vol", "vs");
  private static final int LONGEST_ABBREVIATION = 8;

  private Sentences() {}

  static void add(String text, int start, int end, Breaks breaks) {
    addLines(text, start, end, Strength.LINE, breaks);
    BreakIterator sentences = BreakIterator.getSentenceInstance(Locale.ROOT);
    sentences.setText(text.substring(start, end));
    sentences.first();
    for (int at = sentences.next(); at != BreakIterator.DONE; at = sentences.next()) {
      if (isEnd(text, start, start + at, end)) {
        breaks.add(start + at, Strength.SENTENCE);
      }
    }
  }

  static void addLines(String text, int start, int end, int strength, Breaks breaks) {
    for (int at = text.indexOf('\n', start); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) {
      breaks.add(at + 1, strength);
    }
  }

  /**
   * Returns whether a Unicode sentence boundary is a real one; the rules split "Mr. Smith", or
   * after a question within a sentence.
   */
  private static boolean isEnd(String text, int start, int position, int end) {
    if (position >= end || Character.isLowerCase(text.charAt(position))) {
      return false;
    }
    int last = position;
    while (last > start && Blank.is(text.charAt(last - 1))) {
      last--;
    }
    if (last == start || text.charAt(last - 1) != '.') {
      return true;
    }
    int word = last - 1;
    while (word > start && Character.isLetter(text.charAt(word - 1))) {
      word--;
      if (last - 1 - word > LONGEST_ABBREVIATION) {
        return true;
      }
    }
    String before = text.substring(word, last - 1);
    boolean initial = before.length() == 1 && Character.isUpperCase(before.charAt(0));
    boolean dotted = before.length() == 1 && word > start && text.charAt(word - 1) == '.';
    return !(initial || dotted || ABBREVIATIONS.contains(before.toLowerCase(Locale.ROOT)));
  }
}
