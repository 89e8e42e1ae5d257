package io.adapt4j.eval.internal.metric.text;

import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Stemmer of English words (Porter 1980, "An algorithm for suffix stripping") with the extensions
 * that NLTK adds by default, which rouge_score uses. Equal to NLTK 3.9.
 */
public final class PorterStemmer {

  private static final Map<String, String> IRREGULAR =
      Map.ofEntries(
          Map.entry("sky", "sky"),
          Map.entry("skies", "sky"),
          Map.entry("dying", "die"),
          Map.entry("lying", "lie"),
          Map.entry("tying", "tie"),
          Map.entry("news", "news"),
          Map.entry("innings", "inning"),
          Map.entry("inning", "inning"),
          Map.entry("outings", "outing"),
          Map.entry("outing", "outing"),
          Map.entry("cannings", "canning"),
          Map.entry("canning", "canning"),
          Map.entry("howe", "howe"),
          Map.entry("proceed", "proceed"),
          Map.entry("exceed", "exceed"),
          Map.entry("succeed", "succeed"));

  private static final List<Rule> PLURALS =
      List.of(always("sses", "ss"), always("ies", "i"), always("ss", "ss"), always("s", ""));

  private static final List<Rule> DOUBLE_SUFFIXES =
      List.of(
          measured("ational", "ate"),
          measured("tional", "tion"),
          measured("enci", "ence"),
          measured("anci", "ance"),
          measured("izer", "ize"),
          measured("bli", "ble"),
          measured("alli", "al"),
          measured("entli", "ent"),
          measured("eli", "e"),
          measured("ousli", "ous"),
          measured("ization", "ize"),
          measured("ation", "ate"),
          measured("ator", "ate"),
          measured("alism", "al"),
          measured("iveness", "ive"),
          measured("fulness", "ful"),
          measured("ousness", "ous"),
          measured("aliti", "al"),
          measured("iviti", "ive"),
          measured("biliti", "ble"),
          measured("fulli", "ful"),
          // The l counts as part of the stem here.
          new Rule("logi", "log", stem -> measure(stem + "l") > 0));

  private static final List<Rule> FURTHER_SUFFIXES =
      List.of(
          measured("icate", "ic"),
          measured("ative", ""),
          measured("alize", "al"),
          measured("iciti", "ic"),
          measured("ical", "ic"),
          measured("ful", ""),
          measured("ness", ""));

  private static final List<Rule> LAST_SUFFIXES =
      List.of(
          longer("al"),
          longer("ance"),
          longer("ence"),
          longer("er"),
          longer("ic"),
          longer("able"),
          longer("ible"),
          longer("ant"),
          longer("ement"),
          longer("ment"),
          longer("ent"),
          new Rule(
              "ion", "", stem -> measure(stem) > 1 && (stem.endsWith("s") || stem.endsWith("t"))),
          longer("ou"),
          longer("ism"),
          longer("ate"),
          longer("iti"),
          longer("ous"),
          longer("ive"),
          longer("ize"));

  private PorterStemmer() {}

  /** A suffix, its replacement, and the condition on the stem before it. */
  private record Rule(String suffix, String replacement, Predicate<String> condition) {}

  private static Rule always(String suffix, String replacement) {
    return new Rule(suffix, replacement, stem -> true);
  }

  private static Rule measured(String suffix, String replacement) {
    return new Rule(suffix, replacement, stem -> measure(stem) > 0);
  }

  private static Rule longer(String suffix) {
    return new Rule(suffix, "", stem -> measure(stem) > 1);
  }

  public static String stem(String word) {
    String lower = PythonText.lower(word);
    if (IRREGULAR.containsKey(lower)) {
      return IRREGULAR.get(lower);
    }
    if (lower.length() <= 2) {
      return lower;
    }
    String stem = finalY(pastAndGerund(plural(lower)));
    stem = apply(LAST_SUFFIXES, apply(FURTHER_SUFFIXES, doubleSuffix(stem)));
    return finalDoubleL(finalE(stem));
  }

  /** Applies the first rule whose suffix the word has, whether its condition holds or not. */
  private static String apply(List<Rule> rules, String word) {
    for (Rule rule : rules) {
      if (word.endsWith(rule.suffix)) {
        String stem = without(word, rule.suffix.length());
        return rule.condition.test(stem) ? stem + rule.replacement : word;
      }
    }
    return word;
  }

  private static String plural(String word) {
    if (word.endsWith("ies") && word.length() == 4) {
      return without(word, 1);
    }
    return apply(PLURALS, word);
  }

  private static String pastAndGerund(String word) {
    if (word.endsWith("ied")) {
      return without(word, word.length() == 4 ? 1 : 2);
    }
    if (word.endsWith("eed")) {
      return measure(without(word, 3)) > 0 ? without(word, 1) : word;
    }
    for (String suffix : List.of("ed", "ing")) {
      String stem = word.endsWith(suffix) ? without(word, suffix.length()) : "";
      if (hasVowel(stem)) {
        return repaired(stem);
      }
    }
    return word;
  }

  private static String repaired(String stem) {
    if (stem.endsWith("at") || stem.endsWith("bl") || stem.endsWith("iz")) {
      return stem + "e";
    }
    if (endsWithDoubleConsonant(stem)) {
      return "lsz".indexOf(stem.charAt(stem.length() - 1)) < 0 ? without(stem, 1) : stem;
    }
    return measure(stem) == 1 && endsWithConsonantVowelConsonant(stem) ? stem + "e" : stem;
  }

  private static String finalY(String word) {
    int stem = word.length() - 1;
    boolean changes = word.endsWith("y") && stem > 1 && isConsonant(word, stem - 1);
    return changes ? without(word, 1) + "i" : word;
  }

  private static String doubleSuffix(String word) {
    if (word.endsWith("alli") && measure(without(word, 4)) > 0) {
      return doubleSuffix(without(word, 2));
    }
    return apply(DOUBLE_SUFFIXES, word);
  }

  private static String finalE(String word) {
    if (!word.endsWith("e")) {
      return word;
    }
    String stem = without(word, 1);
    int measure = measure(stem);
    boolean drops = measure > 1 || (measure == 1 && !endsWithConsonantVowelConsonant(stem));
    return drops ? stem : word;
  }

  private static String finalDoubleL(String word) {
    return word.endsWith("ll") && measure(without(word, 1)) > 1 ? without(word, 1) : word;
  }

  private static String without(String word, int letters) {
    return word.substring(0, word.length() - letters);
  }

  /** Counts the vowel-consonant sequences (Porter's measure). */
  private static int measure(String stem) {
    int measure = 0;
    for (int i = 1; i < stem.length(); i++) {
      if (isConsonant(stem, i) && !isConsonant(stem, i - 1)) {
        measure++;
      }
    }
    return measure;
  }

  private static boolean hasVowel(String stem) {
    for (int i = 0; i < stem.length(); i++) {
      if (!isConsonant(stem, i)) {
        return true;
      }
    }
    return false;
  }

  /** A y is a consonant at the beginning and after vowels; of several, every other one. */
  private static boolean isConsonant(String word, int at) {
    int first = at;
    while (first > 0 && word.charAt(first) == 'y') {
      first--;
    }
    boolean consonant = word.charAt(first) == 'y' || "aeiou".indexOf(word.charAt(first)) < 0;
    return (at - first) % 2 == 0 ? consonant : !consonant;
  }

  private static boolean endsWithDoubleConsonant(String word) {
    int last = word.length() - 1;
    return last >= 1 && word.charAt(last) == word.charAt(last - 1) && isConsonant(word, last);
  }

  private static boolean endsWithConsonantVowelConsonant(String word) {
    int last = word.length() - 1;
    if (last == 1) {
      return !isConsonant(word, 0) && isConsonant(word, 1);
    }
    return last > 1
        && isConsonant(word, last - 2)
        && !isConsonant(word, last - 1)
        && isConsonant(word, last)
        && "wxy".indexOf(word.charAt(last)) < 0;
  }
}
