package io.adapt4j.examples;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.task.Task;
import io.adapt4j.eval.task.Tasks;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Evaluation tasks for the small model of children's stories, built from the shipped texts. */
final class StoryTasks {

  private static final int CHOICES = 4;
  private static final int CHARACTERS = 400;

  private final Path data;

  StoryTasks(Path examples) {
    this.data = examples.resolve("data");
  }

  /**
   * Returns the task of choosing a story's last sentence among four, three of which end other
   * stories.
   */
  Task endings() {
    List<String> stories = new ArrayList<>(texts("tinystories/heldout.jsonl"));
    stories.addAll(texts("tinystories/stories.jsonl"));
    List<Integer> cuts = stories.stream().map(StoryTasks::lastSentence).toList();
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < stories.size(); i++) {
      String before = stories.get(i).substring(0, cuts.get(i));
      List<String> choices = new ArrayList<>();
      int right = i % CHOICES;
      for (int choice = 0; choice < CHOICES; choice++) {
        int other = (i + choice - right + stories.size()) % stories.size();
        choices.add(stories.get(other).substring(cuts.get(other)).strip());
      }
      items.add(
          Tasks.choiceItem(
              "story " + (i + 1), end(before), choices, " ", List.of(right), fields(before)));
    }
    List<TaskMetric> metrics = List.of(TaskMetric.mean("acc"), TaskMetric.mean("acc_norm"));
    return new Task("endings", items, metrics, false);
  }

  /** Returns the task of bits per byte on held-out stories, which the model must not forget. */
  Task stories() {
    return Tasks.perplexity("stories", ends("tinystories/heldout.jsonl", 40)).general();
  }

  /** Returns the task of bits per byte on plays, which tuning on Shakespeare should lower. */
  Task plays() {
    return Tasks.perplexity("plays", ends("shakespeare/passages.jsonl", 40));
  }

  private List<String> ends(String file, int most) {
    return texts(file).stream().limit(most).map(StoryTasks::end).toList();
  }

  private List<String> texts(String file) {
    Dataset dataset = Datasets.jsonl(data.resolve(file));
    return IntStream.range(0, dataset.size())
        .mapToObj(row -> ((Example.Text) dataset.get(row)).text().strip())
        .toList();
  }

  /**
   * Returns the position of the space before the last sentence, ignoring one of a few characters.
   */
  private static int lastSentence(String story) {
    int at = story.length() - 20;
    while (at > 0
        && !(Character.isWhitespace(story.charAt(at))
            && ".!?\"".indexOf(story.charAt(at - 1)) >= 0)) {
      at--;
    }
    return Math.max(at, 0);
  }

  private static String end(String text) {
    if (text.length() <= CHARACTERS) {
      return text;
    }
    int from = text.indexOf(' ', text.length() - CHARACTERS);
    return text.substring(Math.max(from, 0)).strip();
  }

  private static Map<String, String> fields(String story) {
    return Map.of(
        "hero", hero(story), "speech", story.contains("\"") ? "with speech" : "without speech");
  }

  private static String hero(String story) {
    for (String name : List.of("Lily", "Tim", "Tom", "Sara", "Max")) {
      if (story.contains(name)) {
        return name;
      }
    }
    return "somebody else";
  }
}
