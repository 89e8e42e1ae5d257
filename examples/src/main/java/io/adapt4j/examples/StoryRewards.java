package io.adapt4j.examples;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.reinforce.Completion;
import io.adapt4j.core.reinforce.RewardFunction;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/** Rewards for a story that mentions three given things and ends. */
public final class StoryRewards {

  private static final List<String> THINGS =
      List.of("dog", "cat", "ball", "tree", "bird", "car", "hat", "box", "cake", "fish");
  private static final int HELD_OUT = 24;
  private static final String WORDS = "words";

  private StoryRewards() {}

  /**
   * Returns beginnings of stories with every combination of three things, 96 for training and 24
   * held out.
   *
   * @param folder folder to write the prompts to
   * @return the prompts
   */
  public static Split prompts(Path folder) {
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < THINGS.size(); i++) {
      for (int j = i + 1; j < THINGS.size(); j++) {
        for (int k = j + 1; k < THINGS.size(); k++) {
          rows.add(row(THINGS.get(i), THINGS.get(j), THINGS.get(k)));
        }
      }
    }
    Collections.shuffle(rows, new Random(1));
    int train = rows.size() - HELD_OUT;
    Dataset none = file(folder, "test.jsonl", rows.subList(0, 1)).take(0);
    return new Split(
        file(folder, "prompts.jsonl", rows.subList(0, train)),
        file(folder, "held-out.jsonl", rows.subList(train, rows.size())),
        none);
  }

  private static String row(String a, String b, String c) {
    return String.format(
        Locale.ROOT,
        "{\"prompt\": \"Once upon a time, there was a little girl named Lily. She had a %s, a %s"
            + " and a %s.\", \"words\": \"%s %s %s\"}",
        a,
        b,
        c,
        a,
        b,
        c);
  }

  private static Dataset file(Path folder, String name, List<String> rows) {
    try {
      Files.createDirectories(folder);
      Path file = folder.resolve(name);
      Files.write(file, rows);
      return Datasets.read(file).open();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns the fraction of the row's words in the completion.
   *
   * @param prompt the beginning
   * @param completion the rest of the story
   * @param fields the row's other fields
   * @return from 0 to 1
   */
  public static double words(String prompt, String completion, Map<String, Object> fields) {
    List<String> wanted = List.of(((String) fields.get(WORDS)).split(" "));
    List<String> said = Arrays.asList(completion.toLowerCase(Locale.ROOT).split("[^a-z]+"));
    return wanted.stream().filter(said::contains).count() / (double) wanted.size();
  }

  /**
   * Returns a reward of 1 for a story that ends with a complete sentence.
   *
   * @return the reward
   */
  public static RewardFunction ending() {
    return new RewardFunction() {
      @Override
      public double score(String prompt, String completion, Map<String, Object> fields) {
        return completion.strip().matches("(?s).*[.!?\"]") ? 1 : 0;
      }

      @Override
      public double[] scoreAll(List<Completion> completions) {
        return completions.stream()
            .mapToDouble(
                completion ->
                    completion.truncated()
                        ? 0
                        : score(completion.prompt(), completion.text(), completion.fields()))
            .toArray();
      }
    };
  }
}
