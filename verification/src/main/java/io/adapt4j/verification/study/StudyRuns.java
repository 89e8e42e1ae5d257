package io.adapt4j.verification.study;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.task.Task;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.embed.CachedEmbeddings;
import io.adapt4j.rag.embed.MiniLm;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** Trains and evaluates, reusing results on disk. */
final class StudyRuns {

  /** Number of passages before a question. */
  static final int PASSAGES = 2;

  private final ModelSource start;
  private final List<String> stories;
  private final StudySize size;
  private final Path output;
  private final Consumer<String> progress;
  private final StudyTraining training;

  /** Prepares the runs. */
  StudyRuns(
      ModelSource start,
      List<String> stories,
      StudySize size,
      Path output,
      Consumer<String> progress) {
    this.start = start;
    this.stories = stories;
    this.size = size;
    this.output = output;
    this.progress = progress;
    this.training = new StudyTraining(size, output, progress);
  }

  void run() throws IOException {
    Path base = training.base(start, stories);
    examineStored(base, Pretraining::isAsked, askedScores());
    examineStored(base, number -> !Pretraining.isAsked(number), toldScores());
    Path vectors = output.resolve("vectors");
    try (TextEmbeddings embeddings = CachedEmbeddings.in(MiniLm.load(), vectors)) {
      for (long seed : size.seeds()) {
        examine(seed, base, embeddings);
      }
    }
  }

  /** Returns scores on stored villages with questions in the base model's training. */
  Path askedScores() {
    return output.resolve("stored-asked.tsv");
  }

  /** Returns scores on stored villages with only statements in the base model's training. */
  Path toldScores() {
    return output.resolve("stored-told.tsv");
  }

  Path scores(long seed, Condition condition) {
    String file = condition.model() + (condition.grounded() ? "-rag" : "") + ".tsv";
    return output.resolve("seed-" + seed).resolve(file);
  }

  /**
   * Returns scores of a tuned model on stored villages with questions in the base model's training.
   */
  Path keptScores(long seed, Condition condition) {
    return condition.isTuned()
        ? output.resolve("seed-" + seed).resolve(condition.model() + "-stored.tsv")
        : askedScores();
  }

  /** Returns whether the passages included the document that answers a question. */
  Path retrieved(long seed) {
    return output.resolve("seed-" + seed).resolve("retrieved.tsv");
  }

  private void examineStored(Path model, IntPredicate which, Path scores) throws IOException {
    if (Files.exists(scores)) {
      return;
    }
    List<Village> all = Pretraining.stored(size.storedVillages());
    List<Village> villages =
        IntStream.range(0, all.size()).filter(which).mapToObj(all::get).toList();
    Path file = scores.resolveSibling(scores.getFileName() + ".exam.jsonl");
    Task exam = Exam.write(file, "stored villages", villages, 0);
    try (LanguageModel loaded = LanguageModel.load(ModelSource.path(model), Precision.FP32)) {
      keep(scores, exam, Candidate.of(loaded));
    }
  }

  private void examine(long seed, Path base, TextEmbeddings embeddings) throws IOException {
    Random values = new Random(seed);
    List<Village> villages =
        Names.unknown(size.villages(), seed).stream()
            .map(name -> Village.invent(name, values))
            .toList();
    Path kept = output.resolve("seed-" + seed);
    Task exam = Exam.write(kept.resolve("exam.jsonl"), "new villages", villages, seed);
    try (Rag rag =
        Rag.builder()
            .index(kept.resolve("index"))
            .embeddings(embeddings)
            .retrieval(RetrievalOptions.builder().limit(PASSAGES).refuseOffSubject(false).build())
            .build()) {
      rag.sync(Documents.of(documents(villages, seed)));
      PassageFinder finder = new PassageFinder(rag);
      keepRetrieved(seed, exam, finder);
      for (Condition condition : Condition.all()) {
        Path model = model(base, seed, villages, condition);
        if (!Files.exists(scores(seed, condition))) {
          examine(seed, condition, exam, finder, model);
        }
        examineStored(model, Pretraining::isAsked, keptScores(seed, condition));
      }
    }
  }

  private Path model(Path base, long seed, List<Village> villages, Condition condition)
      throws IOException {
    return condition.isTuned() ? training.tuned(base, seed, villages, condition) : base;
  }

  private void examine(long seed, Condition condition, Task exam, PassageFinder finder, Path folder)
      throws IOException {
    try (LanguageModel model = LanguageModel.load(ModelSource.path(folder), Precision.FP32)) {
      Candidate alone = Candidate.of(model);
      Candidate candidate =
          condition.grounded() ? new GroundedCandidate(alone, finder, "seed " + seed) : alone;
      double accuracy = keep(scores(seed, condition), exam, candidate);
      progress.accept(
          String.format("seed %d, %s: %.1f %%", seed, condition.title(), 100 * accuracy));
    }
  }

  /** Returns one document per new village, pre-training village and story. */
  private List<Document> documents(List<Village> villages, long seed) {
    List<Document> documents = new ArrayList<>();
    for (Village village : villages) {
      documents.add(Document.of(village.name(), Texts.document(village, seed)));
    }
    for (Village village : Pretraining.stored(size.storedVillages())) {
      documents.add(Document.of(village.name(), Texts.document(village, 0)));
    }
    for (int i = 0; i < stories.size(); i++) {
      documents.add(Document.of("story-" + i, stories.get(i)));
    }
    return documents;
  }

  private void keepRetrieved(long seed, Task exam, PassageFinder finder) throws IOException {
    if (Files.exists(retrieved(seed))) {
      return;
    }
    Map<String, Double> found = new LinkedHashMap<>();
    exam.items()
        .forEach(
            item -> {
              String prompt = ((Request.Likelihood) item.requests().get(0)).context();
              boolean gold =
                  finder.find(prompt).stream()
                      .anyMatch(
                          passage -> passage.documentId().equals(item.fields().get("village")));
              found.put(item.id(), gold ? 1.0 : 0.0);
            });
    Scores.write(retrieved(seed), found);
  }

  private static double keep(Path file, Task exam, Candidate candidate) throws IOException {
    List<Outcome> outcomes =
        Evaluator.builder().tasks(exam).build().evaluate(candidate).result(exam.name()).outcomes();
    Map<String, Double> scores = new LinkedHashMap<>();
    outcomes.forEach(outcome -> scores.put(outcome.id(), outcome.metric("acc")));
    Scores.write(file, scores);
    return scores.values().stream().mapToDouble(score -> score).average().orElseThrow();
  }
}
