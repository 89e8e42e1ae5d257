package io.adapt4j.benchmarks.evaluation;

import io.adapt4j.benchmarks.harness.ExampleFiles;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.FileDataset;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.task.Task;
import io.adapt4j.eval.task.Tasks;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Evaluation questions on the example passages: which line continues a passage? */
final class EvaluationQuestions {

  private static final int CHOICES = 4;

  private final List<String> passages;

  EvaluationQuestions() {
    FileDataset rows =
        Datasets.read(ExampleFiles.passages()).map(row -> new Example.Text("row")).open();
    passages =
        IntStream.range(0, rows.size())
            .mapToObj(i -> rows.source(i).orElseThrow().text("text"))
            .toList();
  }

  /** Returns a task of questions with four answers each. */
  Task task(int count) {
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String passage = passages.get(i % passages.size());
      int cut = cut(passage);
      List<String> choices = new ArrayList<>();
      choices.add(passage.substring(cut).strip());
      for (int other = 1; other < CHOICES; other++) {
        String from = passages.get((i + 31 * other) % passages.size());
        choices.add(from.substring(cut(from)).strip());
      }
      items.add(
          Tasks.choiceItem(
              String.valueOf(i + 1),
              passage.substring(0, cut).strip(),
              choices,
              " ",
              List.of(0),
              Map.of()));
    }
    return new Task(
        "passages", items, List.of(TaskMetric.mean("acc"), TaskMetric.mean("acc_norm")), false);
  }

  /** Returns requests with distinct contexts. */
  List<Request.Likelihood> requests(int count) {
    List<Request.Likelihood> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String passage = passages.get(i);
      int cut = cut(passage);
      requests.add(
          new Request.Likelihood(
              passage.substring(0, cut).strip(), " " + passage.substring(cut).strip()));
    }
    return requests;
  }

  /** Returns a space near three quarters of a passage. */
  private static int cut(String passage) {
    return passage.lastIndexOf(' ', passage.length() * 3 / 4);
  }
}
