package io.adapt4j.core.internal.train;

import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Training losses of the files that a run's data comes from. The targets of a batch are ordered by
 * file, so that the loss of each is a separate sum and no target is computed twice.
 */
public final class SourceLosses {

  private final List<String> names;
  private final double[] sums;
  private final double[] weights;

  /** Creates losses for files by their numbers in batches. */
  public SourceLosses(List<String> names) {
    this.names = List.copyOf(names);
    this.sums = new double[names.size()];
    this.weights = new double[names.size()];
  }

  /** Returns and resets the mean losses of the files since the last call, by the files' names. */
  Map<String, Double> take() {
    Map<String, Double> means = new LinkedHashMap<>();
    for (int source = 0; source < sums.length; source++) {
      if (weights[source] > 0) {
        means.put(names.get(source), sums[source] / weights[source]);
      }
    }
    Arrays.fill(sums, 0);
    Arrays.fill(weights, 0);
    return means;
  }

  /** Returns a form of the loss that also adds up the losses of a batch's files. */
  LanguageModelLoss.Form of(Batch batch, LanguageModelLoss.Form form) {
    int[] sources = TargetRows.of(batch).labeled(batch.sources());
    count(batch);
    return (rows, head, targets, weighting, scale) -> {
      if (IntStream.of(sources).distinct().count() == 1) {
        VocabularyLoss.Result all = form.forwardBackward(rows, head, targets, weighting, scale);
        sums[sources[0]] += all.sum();
        return all;
      }
      return divided(form, new Inputs(rows, head, targets, weighting, scale), sources);
    };
  }

  private void count(Batch batch) {
    for (int i = 0; i < batch.labels().length; i++) {
      if (i % batch.length() > 0 && batch.labels()[i] != Batch.IGNORED) {
        weights[batch.sources()[i]] += batch.weights().length == 0 ? 1 : batch.weights()[i];
      }
    }
  }

  private record Inputs(
      Tensor rows, VocabularyHead head, Tensor targets, List<Tensor> weights, double scale) {}

  private VocabularyLoss.Result divided(LanguageModelLoss.Form form, Inputs all, int[] sources) {
    int[] order =
        IntStream.range(0, sources.length)
            .boxed()
            .sorted(Comparator.comparingInt(i -> sources[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    long[] back = new long[order.length];
    IntStream.range(0, order.length).forEach(i -> back[order[i]] = i);
    Ops ops = Ops.inference();
    Tensor index = Tensor.of(Arrays.stream(order).asLongStream().toArray(), order.length);
    Tensor rows = ops.gatherRows(all.rows(), index);
    Tensor targets = gathered(all.targets(), order);
    List<Tensor> weighting =
        all.weights().stream().map(values -> gatheredFloats(values, order)).toList();
    Tensor gradient = rows.engine().empty(rows.type(), rows.sizes());
    double sum = 0;
    int from = 0;
    while (from < order.length) {
      int source = sources[order[from]];
      int to = from;
      while (to < order.length && sources[order[to]] == source) {
        to++;
      }
      int start = from;
      int count = to - from;
      VocabularyLoss.Result part =
          form.forwardBackward(
              rows.narrow(0, start, count),
              all.head(),
              targets.narrow(0, start, count),
              weighting.stream().map(values -> values.narrow(0, start, count)).toList(),
              all.scale());
      gradient.narrow(0, start, count).copyFrom(part.hiddenGradient());
      sums[source] += part.sum();
      sum += part.sum();
      from = to;
    }
    return new VocabularyLoss.Result(sum, ops.gatherRows(gradient, Tensor.of(back, back.length)));
  }

  private static Tensor gathered(Tensor ids, int[] order) {
    long[] values = ids.toLongs();
    return Tensor.of(Arrays.stream(order).mapToLong(i -> values[i]).toArray(), order.length);
  }

  private static Tensor gatheredFloats(Tensor weights, int[] order) {
    float[] values = weights.toFloats();
    float[] taken = new float[order.length];
    for (int i = 0; i < taken.length; i++) {
      taken[i] = values[order[i]];
    }
    return Tensor.of(taken, taken.length);
  }
}
