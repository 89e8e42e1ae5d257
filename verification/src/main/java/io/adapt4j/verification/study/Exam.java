package io.adapt4j.verification.study;

import io.adapt4j.eval.task.MultipleChoice;
import io.adapt4j.eval.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;

/** Multiple-choice questions on villages: one per fact, with three other values of its relation. */
final class Exam {

  private static final int WRONG_CHOICES = 3;

  private Exam() {}

  /** Writes the questions as a file of JSON lines, and reads it as a task. */
  static Task write(Path file, String name, List<Village> villages, long seed) throws IOException {
    Random random = new Random(seed);
    List<String> lines = new ArrayList<>();
    for (Village village : villages) {
      for (Relation relation : Relation.values()) {
        lines.add(line(seed, village, relation, random));
      }
    }
    Files.createDirectories(file.getParent());
    Files.write(file, lines);
    return MultipleChoice.jsonl(name, file).build();
  }

  /** Nothing in it needs escaping: names, values and questions are letters and punctuation. */
  private static String line(long seed, Village village, Relation relation, Random random) {
    return String.format(
        Locale.ROOT,
        "{\"id\": \"%d-%s-%s\", \"village\": \"%s\", \"relation\": \"%s\", \"question\": \"%s\","
            + " \"choices\": [%s], \"answer\": \"%s\"}",
        seed,
        village.name(),
        relation.name().toLowerCase(Locale.ROOT),
        village.name(),
        relation.name().toLowerCase(Locale.ROOT),
        relation.question(village),
        choices(village, relation, random).stream()
            .map(choice -> '"' + choice + '"')
            .collect(Collectors.joining(", ")),
        village.value(relation));
  }

  private static List<String> choices(Village village, Relation relation, Random random) {
    String right = village.value(relation);
    List<String> wrong = new ArrayList<>(relation.possible());
    wrong.remove(right);
    Collections.shuffle(wrong, random);
    List<String> choices = new ArrayList<>(wrong.subList(0, WRONG_CHOICES));
    choices.add(right);
    Collections.shuffle(choices, random);
    return choices;
  }
}
