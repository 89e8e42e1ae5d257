package io.adapt4j.rag.split;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Splits a text into pieces: words, and within long words, user-perceived characters. */
final class PieceCutter {

  /** Length above which a word can be split: addresses, hashes, text without blanks. */
  private static final int LONGEST_WORD = 16;

  /**
   * Length of the part of a long word that is counted at once, its tokens spread evenly over its
   * characters.
   */
  private static final int RUN = 64;

  /**
   * Word length above which a piece has several characters: a megabyte of such text would otherwise
   * have a million pieces.
   */
  private static final int VERY_LONG_WORD = 4096;

  private static final int LARGEST_GROUP = 4;

  /** A user-perceived character: an extended grapheme cluster. */
  private static final Pattern CHARACTER = Pattern.compile("\\X");

  /** Limit for a character's code units; flags and family emoji have less than 40. */
  private static final int LONGEST_CHARACTER = 256;

  private static final char FIRST_MARK = '\u0300';

  private final String text;
  private final Matcher characters;
  private final Breaks.Sorted breaks;
  private final PieceCounts counts;
  private final int mostTokens;
  private final Pieces pieces = new Pieces();

  private PieceCutter(String text, Breaks.Sorted breaks, PieceCounts counts, int mostTokens) {
    this.text = text;
    characters = CHARACTER.matcher(text).useTransparentBounds(true);
    this.breaks = breaks;
    this.counts = counts;
    this.mostTokens = mostTokens;
  }

  static Pieces cut(String text, Breaks breaks, PieceCounts counts, int mostTokens) {
    PieceCutter cutter = new PieceCutter(text, breaks.sorted(), counts, mostTokens);
    cutter.cutWords(breaks.contentStart());
    return cutter.pieces;
  }

  private void cutWords(int contentStart) {
    int position = contentStart;
    while (true) {
      int word = wordStart(position);
      if (word == text.length()) {
        return;
      }
      int end = wordEnd(word);
      int strength = Strength.WORD;
      while (breaks.isBefore(word + 1)) {
        strength = Math.max(strength, breaks.takeStrength());
      }
      cutAtBreaks(position, word, end, strength);
      position = end;
    }
  }

  /** Returns the start of a word; a combining mark over a blank forms one character with it. */
  private int wordStart(int position) {
    int word = Blank.skip(text, position, text.length());
    return word > position && word < text.length() && isOverBlank(word) ? word - 1 : word;
  }

  private boolean isOverBlank(int word) {
    return text.charAt(word) >= FIRST_MARK
        && characters.region(word - 1, Math.min(word + RUN, text.length())).lookingAt()
        && characters.end() > word;
  }

  private int wordEnd(int word) {
    return Blank.skipWord(text, Blank.skip(text, word, text.length()), text.length());
  }

  /** Splits a word at inner breaks: Chinese sentences have no blanks between them. */
  private void cutAtBreaks(int blanks, int word, int end, int strength) {
    int from = blanks;
    int start = word;
    int before = strength;
    while (breaks.isBefore(end)) {
      int place = breaks.peek();
      int next = breaks.takeStrength();
      if (place > start && !joinsBefore(place)) {
        cutRun(from, start, place, before, true);
        from = place;
        start = place;
        before = next;
      } else if (place == start) {
        before = Math.max(before, next);
      }
    }
    cutRun(from, start, end, before, start > word);
  }

  /** Returns whether a split would divide a user-perceived character. */
  private boolean joinsBefore(int position) {
    int point = text.codePointAt(position);
    char before = text.charAt(position - 1);
    return isMark(point)
        || isOverBlank(position)
        || Character.getType(before) == Character.FORMAT
        || (point >= 0x1F1E6 && point <= 0x1F1FF)
        || (point >= 0x1F3FB && point <= 0x1F3FF)
        || Character.isLowSurrogate(text.charAt(position));
  }

  private static boolean isMark(int point) {
    int type = Character.getType(point);
    return type == Character.NON_SPACING_MARK
        || type == Character.ENCLOSING_MARK
        || type == Character.COMBINING_SPACING_MARK
        || point == 0x200C
        || point == 0x200D;
  }

  private void cutRun(int blanks, int start, int end, int strength, boolean isPart) {
    if (end - start <= LONGEST_WORD) {
      int tokens = counts.ofWord(text.substring(blanks, start), text.substring(start, end));
      if (tokens <= mostTokens) {
        pieces.add(start, end, tokens, strength, isPart);
        return;
      }
    }
    cutCharacters(blanks, start, end, strength);
  }

  private void cutCharacters(int blanks, int start, int end, int strength) {
    int group = end - start > VERY_LONG_WORD ? LARGEST_GROUP : 1;
    characters.region(start, end);
    List<int[]> run = new ArrayList<>();
    int from = blanks;
    int before = strength;
    while (characters.find()) {
      addCharacter(characters.start(), characters.end(), run);
      if (characters.end() - start >= RUN || characters.end() == end) {
        addRun(from, run, before, group);
        from = characters.end();
        start = from;
        before = Strength.CHARACTER;
        run.clear();
      }
    }
  }

  /** Adds a character, splitting endless runs of combining marks, which would be one chunk. */
  private void addCharacter(int start, int end, List<int[]> run) {
    int from = start;
    while (end - from > LONGEST_CHARACTER) {
      int to = from + LONGEST_CHARACTER;
      to -= Character.isLowSurrogate(text.charAt(to)) ? 1 : 0;
      run.add(new int[] {from, to});
      from = to;
    }
    run.add(new int[] {from, end});
  }

  private void addRun(int from, List<int[]> run, int strength, int group) {
    int end = run.get(run.size() - 1)[1];
    long tokens = counts.of(text.substring(from, end));
    for (int i = 0; i < run.size(); ) {
      int next = groupEnd(run, i, group);
      // Rounded up, so that a part never counts for less than it has.
      long count = portion(tokens, next, run.size()) - portion(tokens, i, run.size());
      int before = i == 0 ? strength : Strength.CHARACTER;
      pieces.add(run.get(i)[0], run.get(next - 1)[1], (int) count, before, true);
      i = next;
    }
  }

  /** Returns the end of a group of characters, which no large one may join. */
  private static int groupEnd(List<int[]> run, int first, int group) {
    int end = first + 1;
    while (end < run.size() && run.get(end)[1] - run.get(first)[0] <= group) {
      end++;
    }
    return end;
  }

  private static long portion(long tokens, int part, int parts) {
    return (tokens * part + parts - 1) / parts;
  }
}
