package io.adapt4j.rag.retrieve;

import io.adapt4j.rag.spi.Hit;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Identifiers such as part numbers and error codes, which embedding models do not understand. */
final class Identifiers {

  private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}][\\p{L}\\p{N}._/-]*");
  private static final Pattern MIXED =
      Pattern.compile("(?=.*\\p{L})(?=.*\\p{N}).{3,}|(?=(?:\\D*\\d){5}).*");

  private Identifiers() {}

  /**
   * Returns whether a word of letters and digits, or of five digits, occurs both in the question
   * and in a hit.
   */
  static boolean standIn(String question, List<Hit> hits) {
    Set<String> asked =
        words(question).stream()
            .filter(word -> MIXED.matcher(word).matches())
            .collect(Collectors.toSet());
    return !asked.isEmpty()
        && hits.stream()
            .map(hit -> words(hit.chunk().searchText()))
            .anyMatch(words -> words.stream().anyMatch(asked::contains));
  }

  private static Set<String> words(String text) {
    return WORD.matcher(text.toLowerCase(Locale.ROOT))
        .results()
        .map(MatchResult::group)
        .map(word -> word.replaceFirst("[._/-]+$", ""))
        .collect(Collectors.toSet());
  }
}
