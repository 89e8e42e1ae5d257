package io.adapt4j.upkeep.cycle;

import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.spi.AnswerMetric;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.task.AnswerExtraction;
import io.adapt4j.eval.task.Task;
import io.adapt4j.eval.task.Tasks;
import io.adapt4j.upkeep.registry.ModelVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Adapter folders whose weights say how many questions of each task they answer. */
final class ScriptedVersion {

  private static final String FILE = "adapter_model.safetensors";
  private static final int QUESTIONS = 100;
  private static final int SAFETY_QUESTIONS = 10;

  private ScriptedVersion() {}

  static String weights(int ofNew, int ofOld, int ofSafety) {
    return "new=%d old=%d safety=%d".formatted(ofNew, ofOld, ofSafety);
  }

  static Path write(Path folder, String weights) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("adapter_config.json"), "{\"r\": 8}\n");
    Files.writeString(folder.resolve(FILE), weights);
    return folder;
  }

  static Evaluator exam() {
    return Evaluator.builder()
        .tasks(task("new", QUESTIONS), task("old", QUESTIONS), task("safety", SAFETY_QUESTIONS))
        .build();
  }

  private static Task task(String name, int questions) {
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < questions; i++) {
      items.add(
          Tasks.answerItem(
              name + i,
              name + " " + i,
              GenerationOptions.greedy(),
              List.of("yes"),
              AnswerExtraction.whole(),
              AnswerMetric.EXACT_MATCH,
              Map.of()));
    }
    return new Task(name, items, List.of(TaskMetric.mean("exact_match")), false);
  }

  static EvaluationReport examine(ModelVersion version, Evaluator evaluator) {
    String weights;
    try {
      weights = Files.readString(version.folder().resolve(FILE));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return evaluator.evaluate(version.reference(), new Answering(version.reference(), weights));
  }

  private record Answering(String identity, String weights) implements Candidate {

    @Override
    public Replies reply(List<? extends Request> requests) {
      return new Replies(requests.stream().map(this::reply).toList(), requests.size(), 0);
    }

    private Reply reply(Request request) {
      String[] question = ((Request.Answer) request).prompt().split(" ", 2);
      Matcher known = Pattern.compile(question[0] + "=(\\d+)").matcher(weights);
      boolean right =
          known.find() && Integer.parseInt(question[1]) < Integer.parseInt(known.group(1));
      return new Reply.Text(right ? "yes" : "no", FinishReason.STOP);
    }
  }
}
