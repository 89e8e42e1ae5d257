package io.adapt4j.eval.task;

import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Extracts the answer from generated text. */
@FunctionalInterface
public interface AnswerExtraction {

  /** The answer if none is found, as in lm-evaluation-harness. */
  String NONE = "[invalid]";

  /**
   * Finds the answer.
   *
   * @param generated the text
   * @return the answer; {@link #NONE} if there is none
   */
  String answer(String generated);

  /**
   * Takes the whole text, without leading and trailing white space.
   *
   * @return the extraction
   */
  static AnswerExtraction whole() {
    return String::strip;
  }

  /**
   * Takes the first line that is not blank.
   *
   * @return the extraction
   */
  static AnswerExtraction firstLine() {
    return text ->
        text.lines().map(String::strip).filter(line -> !line.isEmpty()).findFirst().orElse("");
  }

  /**
   * Takes the first match of a pattern.
   *
   * @param pattern its first group that matched is the answer; the whole match if it has none
   * @return the extraction
   */
  static AnswerExtraction first(Pattern pattern) {
    return text ->
        pattern.matcher(text).results().findFirst().map(AnswerExtraction::group).orElse(NONE);
  }

  /**
   * Takes the last match of a pattern.
   *
   * @param pattern its first group that matched is the answer; the whole match if it has none
   * @return the extraction
   */
  static AnswerExtraction last(Pattern pattern) {
    return text ->
        pattern
            .matcher(text)
            .results()
            .reduce((a, b) -> b)
            .map(AnswerExtraction::group)
            .orElse(NONE);
  }

  /**
   * Takes the text without the numbers of its sources in brackets, such as {@code [1]} or {@code
   * [2, 3]}, to grade answers with citations as those without.
   *
   * @return the extraction
   */
  static AnswerExtraction withoutCitations() {
    return text -> text.replaceAll("\\s*\\[\\d+(?:\\s*[,;\\u2013-]\\s*\\d+)*\\]", "").strip();
  }

  private static String group(MatchResult match) {
    for (int i = 1; i <= match.groupCount(); i++) {
      if (match.group(i) != null) {
        return match.group(i).strip();
      }
    }
    return match.group().strip();
  }
}
