package io.adapt4j.core.monitor;

import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingWarning;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The data of a report, in memory that does not grow with the run's length. */
final class ReportState {

  /** Number of newest rows in the tables. */
  static final int MOST_ROWS = 40;

  /** Maximum number of metric charts; a caller could invent names without end. */
  private static final int MOST_METRICS = 24;

  final RunStart start;

  final Curve loss = new Curve();
  final Curve gradientNorm = new Curve();
  final Curve learningRate = new Curve();
  final Curve tokensPerSecond = new Curve();
  final Curve targetTokensPerSecond = new Curve();
  final Curve resident = new Curve();
  final Curve heap = new Curve();
  final Curve processorShare = new Curve();
  final Curve validationLoss = new Curve();
  final Map<String, Curve> metrics = new LinkedHashMap<>();
  final Map<String, Curve> stepMetrics = new LinkedHashMap<>();

  final Deque<EvaluationEvent> evaluations = new ArrayDeque<>();

  /** The newest of each folder, since a later checkpoint replaces the earlier one. */
  final Map<Path, CheckpointEvent> checkpoints = new LinkedHashMap<>();

  final List<TrainingWarning> warnings = new ArrayList<>();

  @Nullable StepEvent step;
  @Nullable EvaluationEvent before;
  @Nullable EvaluationEvent best;
  @Nullable SkippedStep lastSkipped;
  int skipped;
  @Nullable RunEnd end;

  ReportState(RunStart start) {
    this.start = start;
  }

  void add(StepEvent event) {
    step = event;
    loss.add(event.step(), event.loss());
    gradientNorm.add(event.step(), event.gradientNorm());
    learningRate.add(event.step(), event.learningRate());
    tokensPerSecond.add(event.step(), event.tokensPerSecond());
    targetTokensPerSecond.add(event.step(), event.targetTokensPerSecond());
    event.resources().residentBytes().ifPresent(bytes -> resident.add(event.step(), gib(bytes)));
    event.resources().heapBytes().ifPresent(bytes -> heap.add(event.step(), gib(bytes)));
    event
        .resources()
        .processorShare()
        .ifPresent(share -> processorShare.add(event.step(), 100 * share));
    add(stepMetrics, event.step(), event.metrics());
  }

  private static void add(Map<String, Curve> curves, int step, Map<String, Double> values) {
    values.forEach(
        (name, value) -> {
          if (curves.containsKey(name) || curves.size() < MOST_METRICS) {
            curves.computeIfAbsent(name, key -> new Curve()).add(step, value);
          }
        });
  }

  private static double gib(long bytes) {
    return (double) bytes / (1L << 30);
  }

  void add(EvaluationEvent event) {
    while (!evaluations.isEmpty() && evaluations.getLast().step() >= event.step()) {
      evaluations.removeLast();
    }
    evaluations.addLast(event);
    if (evaluations.size() > MOST_ROWS) {
      evaluations.removeFirst();
    }
    if (event.step() == 0) {
      before = event;
    }
    if (event.bestSoFar()) {
      best = event;
    }
    // The run continued after it was judged.
    warnings.removeIf(warning -> warning.kind() == TrainingWarning.Kind.ENDED_WORSE);
    validationLoss.add(event.step(), event.loss());
    add(metrics, event.step(), event.metrics());
  }

  void add(CheckpointEvent event) {
    checkpoints.remove(event.path());
    checkpoints.put(event.path(), event);
    if (checkpoints.size() > MOST_ROWS) {
      checkpoints.remove(checkpoints.keySet().iterator().next());
    }
  }

  void add(SkippedStep event) {
    skipped++;
    lastSkipped = event;
  }

  /** Keeps the newest warning of each kind: a resumed run may repeat earlier ones. */
  void add(TrainingWarning warning) {
    warnings.removeIf(trainingWarning -> trainingWarning.kind() == warning.kind());
    warnings.add(warning);
  }
}
