package io.adapt4j.core.augment;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names and terms in a text, detected by their spelling. */
final class Names {

  private static final Pattern WORD =
      Pattern.compile("[\\p{L}\\p{N}_]++(?:['’.&-][\\p{L}\\p{N}_]++)*+");

  private static final Pattern JOINT = Pattern.compile("['’.&-]");

  /** Characters that may separate the end of a sentence from the first word of the next. */
  private static final String OPENERS = "\"'“„«([{*_#>`-–— \t\u00a0";

  private static final String SENTENCE_ENDS = ".!?:;\n\r…•";

  /** English words that often begin sentences and are never names. */
  private static final Set<String> COMMON =
      Set.of(
          ("i i'm i've i'll i'd a an the in on at for from to of and or but if when where who what"
                  + " which why how is are was were do does did can could will would should may my"
                  + " your his her its our their this that these those there it he she they we you"
                  + " please as by with after before since during while although because both each"
                  + " every all no not so yet then")
              .split(" "));

  /** Share of capitalized words above which a text is a heading. */
  private static final double HEADING = 0.5;

  private static final int SHORTEST_HEADING = 4;

  private Names() {}

  private record Word(String text, boolean initial) {

    boolean capital() {
      return Character.isUpperCase(text.codePointAt(0));
    }

    /** Returns whether the word has capitals, digits or underscores after its first letter. */
    boolean marked() {
      boolean letters = Character.isLetter(text.codePointAt(0));
      boolean unusual =
          text.codePoints()
              .skip(1)
              .anyMatch(c -> Character.isUpperCase(c) || Character.isDigit(c) || c == '_');
      return letters && unusual;
    }
  }

  static boolean kept(String original, String paraphrase) {
    return covers(paraphrase, original) && covers(original, paraphrase);
  }

  /** Returns whether a text contains every name of another. */
  static boolean covers(String text, String other) {
    Set<String> words = allWords(text);
    return names(other).stream()
        .allMatch(
            name ->
                words.contains(name)
                    || words.contains(name + "s")
                    || (name.endsWith("s")
                        && words.contains(name.substring(0, name.length() - 1))));
  }

  /** Returns the names in lower case. */
  static Set<String> names(String text) {
    List<Word> words = words(text);
    Set<String> names = new HashSet<>();
    if (text.codePoints().noneMatch(Character::isLowerCase)) {
      return names;
    }
    long capitals = words.stream().filter(Word::capital).count();
    boolean heading = words.size() >= SHORTEST_HEADING && capitals > HEADING * words.size();
    for (int i = 0; i < words.size(); i++) {
      Word word = words.get(i);
      boolean beforeName =
          i + 1 < words.size() && words.get(i + 1).capital() && !words.get(i + 1).initial();
      boolean named = !heading && word.capital() && (!word.initial() || beforeName);
      String plain = plain(word.text());
      if ((word.marked() || named) && !COMMON.contains(plain)) {
        names.add(plain);
      }
    }
    return names;
  }

  private static List<Word> words(String text) {
    List<Word> words = new ArrayList<>();
    Matcher matcher = WORD.matcher(text);
    while (matcher.find()) {
      words.add(new Word(matcher.group(), beginsSentence(text, matcher.start())));
    }
    return words;
  }

  private static boolean beginsSentence(String text, int start) {
    int before = start - 1;
    while (before >= 0 && OPENERS.indexOf(text.charAt(before)) >= 0) {
      before--;
    }
    return before < 0 || SENTENCE_ENDS.indexOf(text.charAt(before)) >= 0;
  }

  /** Returns every word in lower case, and the parts of compounds. */
  private static Set<String> allWords(String text) {
    Set<String> all = new HashSet<>();
    for (Word word : words(text)) {
      all.add(plain(word.text()));
      JOINT.splitAsStream(word.text().toLowerCase(Locale.ROOT)).forEach(all::add);
    }
    return all;
  }

  /** Returns a word in lower case, with plain apostrophes and without a possessive ending. */
  private static String plain(String word) {
    return word.toLowerCase(Locale.ROOT).replace('’', '\'').replaceAll("'s$", "");
  }
}
