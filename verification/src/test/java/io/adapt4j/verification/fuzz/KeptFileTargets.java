package io.adapt4j.verification.fuzz;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.batch.BatchCompletion;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.hub.Hub;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.monitor.TrainingListeners;
import io.adapt4j.core.search.Search;
import io.adapt4j.core.text.AnswerCache;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.spi.AnswerMetric;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.task.AnswerExtraction;
import io.adapt4j.eval.task.Task;
import io.adapt4j.eval.task.Tasks;
import io.adapt4j.federated.FederatedFineTuner;
import io.adapt4j.federated.Site;
import io.adapt4j.lora.Lora;
import io.adapt4j.verification.ExampleFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What we keep on disk ourselves to go on from. Where files have checksums these are made right
 * after the damage, so that it is not the checksum alone that finds it.
 */
final class KeptFileTargets {

  private static final Path STORIES = ExampleFiles.example("models/stories260K");
  private static final String COMMIT = "0123456789012345678901234567890123456789";
  private static final String SEALED = "(.*/)?(state|scores|federated|checkpoints)\\.json";
  private static final List<String> ROWS = List.of("A cat.", "A dog ran.", "Two birds.", "A fox.");

  private KeptFileTargets() {}

  static List<FuzzTarget> all() {
    return List.of(
        FolderTarget.of("kept-answers", KeptFileTargets::answer, KeptFileTargets::answer),
        FolderTarget.of("kept-replies", KeptFileTargets::evaluate, KeptFileTargets::evaluate),
        FolderTarget.of("batch-results", folder -> complete(folder, 2), KeptFileTargets::finish),
        FolderTarget.of("run-folder", folder -> train(folder, 3), KeptFileTargets::resume),
        FolderTarget.of("search-folder", KeptFileTargets::search, KeptFileTargets::continueSearch),
        FolderTarget.of("hub-cache", KeptFileTargets::fillCache, KeptFileTargets::download),
        FolderTarget.of(
            "federated-folder",
            folder -> federated(folder).build().run(),
            KeptFileTargets::resumeFederated));
  }

  private static TextGenerator generator() {
    return TextGenerator.of("echo", prompt -> "To " + prompt);
  }

  private static void answer(Path folder) {
    TextGenerator cached = TextGenerator.cached(generator(), AnswerCache.at(folder, 100_000));
    for (String text : List.of("a", "b")) {
      cached.generate(List.of(ChatMessage.user(text)), GenerationOptions.defaults());
    }
  }

  private static void evaluate(Path folder) {
    Task answers =
        new Task(
            "answers",
            List.of(
                Tasks.answerItem(
                    "q",
                    "What is 1?",
                    GenerationOptions.greedy(),
                    List.of("1"),
                    AnswerExtraction.whole(),
                    AnswerMetric.EXACT_MATCH,
                    Map.of())),
            List.of(TaskMetric.mean("exact_match")),
            false);
    Evaluator.builder()
        .tasks(answers, Tasks.perplexity("texts", List.of("a", "b")))
        .replies(folder)
        .build()
        .evaluate(new Parrot());
  }

  /** Replies to anything at once. */
  static final class Parrot implements Candidate {

    @Override
    public String identity() {
      return "parrot";
    }

    @Override
    public Replies reply(List<? extends Request> requests) {
      List<Reply> replies = new ArrayList<>();
      for (Request request : requests) {
        replies.add(
            request instanceof Request.Answer
                ? new Reply.Text("1", FinishReason.STOP)
                : new Reply.Likelihood(-3, 2, true));
      }
      return new Replies(replies, 0, 0);
    }
  }

  private static void complete(Path folder, int most) throws IOException {
    Path rows = folder.resolve("rows.jsonl");
    Files.writeString(rows, "{\"prompt\": \"a\"}\n".repeat(ROWS.size()));
    CancellationToken token = new CancellationToken();
    BatchCompletion.of(generator())
        .requests(1)
        .cancellation(token)
        .listener(
            (done, all) -> {
              if (done >= most) {
                token.cancel();
              }
            })
        .run(Datasets.read(rows), folder.resolve("answers.jsonl"));
    Files.delete(rows);
  }

  private static void finish(Path folder) throws IOException {
    complete(folder, ROWS.size());
    for (String line : Files.readAllLines(folder.resolve("answers.jsonl"))) {
      JsonNode answer = Json.parseStrictly(line);
      if (!answer.has("completion") && !answer.has("error")) {
        throw new AssertionError("not an answer: " + line);
      }
    }
  }

  private static FineTuner.Builder tuner(Path output) {
    return FineTuner.builder()
        .model(ModelSource.path(STORIES))
        .dataset(
            Datasets.of(ROWS.stream().<Example>map(Example.Text::new).toList())
                .split(0.5, 0.5, 0, 1))
        .method(Lora.rank(1))
        .epochs(2)
        .batchSize(1)
        .maxLength(8)
        .saveEvery(Interval.steps(1))
        .evaluateEvery(Interval.steps(2))
        .keepBest()
        .output(output)
        .listener(TrainingListeners.files(output));
  }

  private static void train(Path folder, int last) {
    FineTuner[] tuner = new FineTuner[1];
    tuner[0] =
        tuner(folder)
            .listener(
                new TrainingListener() {
                  @Override
                  public void step(StepEvent event) {
                    if (event.step() == last) {
                      tuner[0].stop();
                    }
                  }
                })
            .build();
    tuner[0].run();
  }

  private static void resume(Path folder) throws IOException {
    Seals.json(folder, SEALED);
    tuner(folder).resume().build().run();
  }

  private static Search describe(Path folder, Optional<RuntimeException> failure) {
    return Search.of(
            trial -> {
              failure.ifPresent(
                  e -> {
                    throw e;
                  });
              return tuner(folder).epochs(1).learningRate(trial.number("learningRate"));
            })
        .logUniform("learningRate", 1e-4, 1e-2)
        .trials(3)
        .output(folder)
        .keepAll()
        .build();
  }

  /** Leaves the last trial without a result. */
  private static void search(Path folder) throws IOException {
    describe(folder, Optional.empty()).run();
    Path results = folder.resolve("trials.jsonl");
    List<String> lines = Files.readAllLines(results);
    Files.write(results, lines.subList(0, lines.size() - 1));
    for (String file : Parts.ofFolder(folder).contents().keySet()) {
      if (file.contains("/") && !file.endsWith("scores.json")) {
        Files.delete(folder.resolve(file));
      }
    }
  }

  private static void continueSearch(Path folder) throws IOException {
    Seals.json(folder, SEALED);
    describe(folder, Optional.of(new IllegalStateException("no training"))).run().text();
  }

  private static void fillCache(Path folder) throws IOException {
    Path model = folder.resolve("models--a--b");
    Map<String, String> files =
        Map.of(
            "refs/main",
            COMMIT,
            "trees/" + COMMIT + ".json",
            """
            {"format_version": 1, "files": {"config.json": {"size": 2, "blob_id": "1"},
             "model.safetensors.index.json": {"size": 58, "blob_id": "2"},
             "a.safetensors": {"size": 2, "blob_id": "3", "lfs_sha256": "4", "lfs_size": 2}}}
            """,
            "snapshots/" + COMMIT + "/config.json",
            "{}",
            "snapshots/" + COMMIT + "/model.safetensors.index.json",
            "{\"weight_map\": {\"w\": \"a.safetensors\"}}",
            "snapshots/" + COMMIT + "/a.safetensors",
            "{}");
    for (Map.Entry<String, String> file : files.entrySet()) {
      Path path = model.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.writeString(path, file.getValue());
    }
  }

  private static void download(Path folder) {
    Hub hub = Hub.builder(Map.of()).cache(folder).offline(true).build();
    hub.download("a/b");
    hub.download("a/b", COMMIT, List.of("config.json"));
  }

  private static FederatedFineTuner.Builder federated(Path folder) {
    return FederatedFineTuner.builder()
        .model(ModelSource.path(STORIES))
        .method(Lora.rank(1))
        .rounds(1)
        .training((builder, round) -> builder.epochs(1).batchSize(2).maxLength(8))
        .output(folder)
        .site(Site.of("a", Datasets.of(List.of(new Example.Text("A cat.")))));
  }

  private static void resumeFederated(Path folder) throws IOException {
    Seals.json(folder, SEALED);
    federated(folder).resume().build().run(jobs -> List.of(jobs.get(0).failed("it is not there")));
  }
}
