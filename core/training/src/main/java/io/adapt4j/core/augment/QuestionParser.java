package io.adapt4j.core.augment;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Parses questions and answers of one or more lines that begin with Q: and A:. */
final class QuestionParser {

  /** Start of a question or answer, which models may number or set in bold. */
  private static final Pattern MARK =
      Pattern.compile(
          "(?i)^[\\s*#>-]*(?:\\d+[.):]\\s*)?\\**(q|question|a|answer)\\s*\\d*\\s*\\**\\s*[:.]\\s*\\**\\s*(.*)$");

  private QuestionParser() {}

  record Pair(String question, String answer) {

    @Override
    public String toString() {
      return "Q: " + question + " A: " + answer;
    }
  }

  /** Parses the output of a model. */
  static List<Pair> parse(String answer, boolean whole) {
    List<Pair> pairs = new ArrayList<>();
    StringBuilder question = new StringBuilder();
    StringBuilder reply = new StringBuilder();
    StringBuilder current = null;
    for (String line : AnswerText.withoutThoughts(answer).lines().toList()) {
      Matcher mark = MARK.matcher(line);
      if (mark.matches()) {
        boolean asks = Character.toLowerCase(mark.group(1).charAt(0)) == 'q';
        if (asks) {
          add(pairs, question, reply);
        }
        current = asks ? question : reply;
        current.append(mark.group(2));
      } else if (current != null && !line.matches("\\s*-{3,}\\s*")) {
        current.append('\n').append(line);
      }
    }
    if (whole) {
      add(pairs, question, reply);
    }
    return pairs;
  }

  private static void add(List<Pair> pairs, StringBuilder question, StringBuilder reply) {
    Pair pair = new Pair(question.toString().strip(), reply.toString().strip());
    if (!pair.question().isEmpty() && !pair.answer().isEmpty()) {
      pairs.add(pair);
    }
    question.setLength(0);
    reply.setLength(0);
  }
}
