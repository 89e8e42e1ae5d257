package io.adapt4j.eval.task;

import io.adapt4j.core.internal.Shuffle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Numbered list of words, of which ten occur much more often than the others. A unit is a rare
 * word, with all its occurrences.
 */
record CommonWords(long seed, List<String> answers, int often, int rarely) implements LongText {

  private static final int COMMON = 10;
  private static final Pattern ENTRY = Pattern.compile("\\d+\\. ([a-z]+) ");
  private static final int SHORT = 4096;
  private static final String CONSONANTS = "bdfgklmnprstvz";
  private static final String VOWELS = "aeiou";

  /** Draws the common words; short lists repeat them less often. */
  static CommonWords of(SplittableRandom random, int length) {
    long seed = random.nextLong();
    boolean isShort = length < SHORT;
    return new CommonWords(seed, words(seed, COMMON), isShort ? 6 : 30, isShort ? 1 : 3);
  }

  /** Returns different words; fewer are a prefix of more. */
  private static List<String> words(long seed, int count) {
    SplittableRandom random = new SplittableRandom(seed);
    Set<String> words = new LinkedHashSet<>();
    while (words.size() < count) {
      StringBuilder word = new StringBuilder();
      for (int i = 0; i < 3; i++) {
        word.append(CONSONANTS.charAt(random.nextInt(CONSONANTS.length())));
        word.append(VOWELS.charAt(random.nextInt(VOWELS.length())));
      }
      words.add(word.toString());
    }
    return List.copyOf(words);
  }

  @Override
  public String prompt(int units, double depth) {
    List<String> all = new ArrayList<>();
    List<String> words = words(seed, COMMON + units);
    for (int i = 0; i < words.size(); i++) {
      all.addAll(Collections.nCopies(i < COMMON ? often : rarely, words.get(i)));
    }
    StringBuilder text =
        new StringBuilder("Below is a numbered list of words. Some are common.\n\n");
    int number = 0;
    for (int at : Shuffle.permutation(all.size(), seed)) {
      text.append(++number).append(". ").append(all.get(at)).append(' ');
    }
    return text.append("\n\nQuestion: Which ")
        .append(COMMON)
        .append(" words are the most common in the list above?\nAnswer: The most common words are")
        .toString();
  }

  @Override
  public Set<String> candidates(String prompt) {
    return ENTRY.matcher(prompt).results().map(entry -> entry.group(1)).collect(Collectors.toSet());
  }
}
