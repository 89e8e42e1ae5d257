package io.adapt4j.studio.internal.exam;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.HashMultiset;
import com.google.common.collect.Multiset;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Words;
import io.adapt4j.eval.failure.Clustering;
import io.adapt4j.eval.failure.FailureAnalysis;
import io.adapt4j.eval.failure.FailureCluster;
import io.adapt4j.eval.failure.Slice;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Workspace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.LongStream;

/**
 * Clusters of wrong answers, computed once and kept with the exam. Questions are compared by their
 * words, so that no model is loaded.
 */
public final class ExamClusters {

  private static final int MOST = 8;

  /** Width of the vectors that words are hashed to. */
  private static final int WIDTH = 512;

  private final Workspace workspace;
  private final Exams exams;
  private final Jobs jobs;

  public ExamClusters(Workspace workspace, Exams exams, Jobs jobs) {
    this.workspace = workspace;
    this.exams = exams;
    this.jobs = jobs;
  }

  /**
   * Returns the clusters of at least two wrong answers, the largest first: {@code words}, {@code
   * items}, and of the {@code count} questions with the first word the share that is wrong, {@code
   * low}, {@code rate} and {@code high}. Begins to compute them if they are not known.
   */
  public Optional<JsonNode> of(Exam exam, String run, FailureAnalysis analysis) throws IOException {
    JsonNode known = workspace.json(file(exam, run)).path(analysis.result().task());
    if (known.path("threshold").asDouble(Double.NaN) == analysis.threshold()) {
      return Optional.of(known.path("clusters"));
    }
    if (job(exam, run, analysis).isEmpty()) {
      jobs.begin(key(exam, run, analysis), exam.name(), () -> compute(exam, run, analysis));
    }
    return Optional.empty();
  }

  /** The work on clusters, if it runs or has failed. */
  public Optional<Jobs.Job> job(Exam exam, String run, FailureAnalysis analysis) {
    return jobs.job(key(exam, run, analysis));
  }

  private static String key(Exam exam, String run, FailureAnalysis analysis) {
    return "clusters " + exam.id() + " " + run + " " + analysis.result().task();
  }

  private Path file(Exam exam, String run) {
    return exams.folder(exam.id()).resolve("clusters-" + run + ".json");
  }

  private void compute(Exam exam, String run, FailureAnalysis analysis) throws IOException {
    ObjectNode found = JsonNodeFactory.instance.objectNode().put("threshold", analysis.threshold());
    found.putArray("clusters");
    for (FailureCluster each :
        analysis.clusters(Clustering.with(ExamClusters::vectors).atMost(MOST))) {
      if (each.outcomes().size() > 1 && !each.words().isEmpty()) {
        ObjectNode cluster = found.withArray("clusters").addObject();
        each.words().forEach(cluster.putArray("words")::add);
        each.outcomes().forEach(outcome -> cluster.withArray("items").add(outcome.id()));
        Slice with = with(each.words().get(0), analysis);
        cluster.put("count", with.items()).put("rate", with.failureRate().value());
        cluster.put("low", with.failureRate().low()).put("high", with.failureRate().high());
      }
    }
    JsonNode all = workspace.json(file(exam, run));
    ObjectNode kept = all.isObject() ? all.deepCopy() : JsonNodeFactory.instance.objectNode();
    AtomicFiles.writeJson(file(exam, run), kept.set(analysis.result().task(), found));
  }

  /** Returns the questions with a word. */
  private static Slice with(String word, FailureAnalysis analysis) {
    String letter = "[\\p{L}\\p{M}\\p{N}]";
    Pattern pattern =
        Pattern.compile(
            "(?<!" + letter + ")" + Pattern.quote(word) + "(?!" + letter + ")",
            Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);
    return analysis
        .slices(outcome -> pattern.matcher(analysis.question(outcome)).find() ? word : "")
        .stream()
        .filter(slice -> slice.name().equals(word))
        .findFirst()
        .orElseThrow();
  }

  /** Returns hashed TF-IDF vectors of words that at least two texts have. */
  static List<float[]> vectors(List<String> texts) {
    Multiset<Long> counts = HashMultiset.create();
    List<long[]> words = new ArrayList<>();
    for (String text : texts) {
      long[] distinct = Words.distinct(Words.sequences(text, 1));
      words.add(distinct);
      LongStream.of(distinct).forEach(counts::add);
    }
    List<float[]> vectors = new ArrayList<>();
    for (long[] text : words) {
      float[] vector = new float[WIDTH];
      // Texts without a word in common have a direction too.
      vector[0] = 1e-3f;
      for (long word : text) {
        int count = counts.count(word);
        vector[Math.floorMod(word, WIDTH)] +=
            count > 1 ? (float) Math.log((double) texts.size() / count) : 0;
      }
      vectors.add(vector);
    }
    return vectors;
  }
}
