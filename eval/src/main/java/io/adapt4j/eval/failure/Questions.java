package io.adapt4j.eval.failure;

import io.adapt4j.eval.task.Outcome;
import java.util.List;

/**
 * What is asked, without solved questions and passages before it and without words that end every
 * prompt: of the parts of a prompt between blank lines, the last one that is not the same in all.
 */
final class Questions {

  private final int sameAtEnd;

  Questions(List<Outcome> all) {
    List<List<String>> prompts = all.stream().map(Questions::parts).toList();
    int shortest = prompts.stream().mapToInt(List::size).min().orElse(1);
    int same = 0;
    while (prompts.size() > 1 && same < shortest - 1 && isSame(prompts, same)) {
      same++;
    }
    sameAtEnd = same;
  }

  private static boolean isSame(List<List<String>> prompts, int fromEnd) {
    return prompts.stream().map(one -> one.get(one.size() - 1 - fromEnd)).distinct().count() == 1;
  }

  private static List<String> parts(Outcome outcome) {
    return List.of(outcome.prompt().strip().split("\n\\s*\n"));
  }

  String of(Outcome outcome) {
    List<String> parts = parts(outcome);
    return parts.get(Math.max(0, parts.size() - 1 - sameAtEnd)).strip();
  }
}
