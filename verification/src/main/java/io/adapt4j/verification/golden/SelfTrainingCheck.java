package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.generate.SamplingDistribution;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.loss.SupervisedLoss;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Kind;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Checks dynamic fine-tuning on stored logits, and the distributions completions are drawn from.
 */
final class SelfTrainingCheck {

  private static final String LOGITS = "logits";

  static final Kind KIND =
      new Kind(
          "self-training",
          source -> source.isFile() && source.hasAny("dft", "sampling"),
          (source, section) -> {
            try (GoldenFolder golden = MethodParts.open(source, section);
                StoredLogits logits = StoredLogits.open(golden, LOGITS)) {
              section.each(
                  "dft ",
                  source.json().path("dft"),
                  (name, expected) -> dynamic(golden, logits, name, expected));
              section.each(
                  "sampling ",
                  source.json().path("sampling"),
                  (name, expected) -> sampling(golden, name, expected));
            }
          });

  private static final double LOSS = 2e-6;
  private static final double GRADIENT = 1e-6;
  private static final double PROBABILITY = 1e-6;

  private SelfTrainingCheck() {}

  private static void dynamic(
      GoldenFolder golden, StoredLogits logits, String name, JsonNode expected) {
    long[] labels = golden.longs("labels");
    int length = golden.dimension("labels", 1);
    TargetRows targets = TargetRows.of(labels, labels.length / length, length);
    int[] places = Arrays.stream(targets.index().toLongs()).mapToInt(Math::toIntExact).toArray();
    double items = expected.path("num_items_in_batch").asDouble(targets.count());
    VocabularyLoss.Result found =
        new SupervisedLoss(true, 0, 0)
            .forwardBackward(
                logits.rows(LOGITS, places),
                logits.head(),
                targets.targets(),
                List.of(),
                1 / items);
    golden.compared(
        "dft " + name,
        Deviation.scaled(found.sum() / items, expected.path("loss").asDouble(), LOSS));
    logits.gradient("dft_grad." + name, places, found.hiddenGradient(), GRADIENT);
  }

  private static void sampling(GoldenFolder golden, String name, JsonNode expected) {
    GenerationOptions options =
        GenerationOptions.builder()
            .temperature(expected.path("temperature").asDouble(1))
            .topK(expected.path("top_k").asInt())
            .topP(expected.path("top_p").asDouble(1))
            .minP(expected.path("min_p").asDouble(0))
            .build();
    float[] logits = golden.floats("sampling_logits");
    int size = golden.dimension("sampling_logits", 1);
    float[] found = new float[logits.length];
    for (int from = 0; from < logits.length; from += size) {
      double[] row =
          SamplingDistribution.of(options, Arrays.copyOfRange(logits, from, from + size));
      for (int i = 0; i < size; i++) {
        found[from + i] = (float) row[i];
      }
    }
    JsonNode kept = expected.path("kept");
    golden.compared(
        "sampling " + name + " kept",
        Deviation.worst(
            kept.size(), row -> Deviation.of(kept(found, row, size), kept.path(row), 0)));
    String tensor = "sampling_probs." + name;
    if (golden.has(tensor)) {
      golden.compared(
          tensor,
          Deviation.scaled(
              interchanged(found, logits, size),
              interchanged(golden.floats(tensor), logits, size),
              PROBABILITY));
    }
  }

  /**
   * Sorts the probabilities of tokens with equal logits: which of them top-p keeps depends on a
   * sort that need not be stable.
   */
  private static float[] interchanged(float[] probabilities, float[] logits, int size) {
    float[] sorted = new float[probabilities.length];
    for (int from = 0; from < logits.length; from += size) {
      int row = from;
      Comparator<Integer> byLogit = Comparator.comparingDouble(i -> logits[row + i]);
      List<Integer> order =
          IntStream.range(0, size)
              .boxed()
              .sorted(byLogit.thenComparingDouble(i -> probabilities[row + i]))
              .toList();
      for (int i = 0; i < size; i++) {
        sorted[row + i] = probabilities[row + order.get(i)];
      }
    }
    return sorted;
  }

  private static double kept(float[] probabilities, int row, int size) {
    return IntStream.range(row * size, (row + 1) * size).filter(i -> probabilities[i] > 0).count();
  }
}
