package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation.Rest;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Networks;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Checks divergences of stored logits from a teacher's, over all tokens and over a support. */
final class DistillationCheck {

  private static final String STUDENT = "student_logits";

  static final Kind KIND =
      new Kind(
          "distillation",
          source ->
              MethodParts.hasCase(source, "losses", "beta")
                  && MethodParts.hasCase(source, "losses", "temperature"),
          (source, section) -> {
            try (GoldenFolder golden = MethodParts.open(source, section);
                StoredLogits logits = StoredLogits.open(golden, STUDENT)) {
              new DistillationCheck(golden, logits).run();
            }
          });

  private static final String TEACHER = "teacher_logits";
  private static final double LOSS = 2e-6;
  private static final double GRADIENT = 1e-6;
  private static final double DIVERGENCE = 1e-5;

  private final GoldenFolder golden;
  private final StoredLogits logits;
  private final int[] labeled;
  private final int positions;

  private DistillationCheck(GoldenFolder golden, StoredLogits logits) {
    this.golden = golden;
    this.logits = logits;
    long[] labels = golden.longs("labels");
    this.positions = labels.length;
    this.labeled =
        IntStream.range(0, positions).filter(i -> labels[i] != TargetRows.IGNORED).toArray();
  }

  private void run() {
    golden
        .section()
        .each("", golden.json().path("losses"), (name, expected) -> loss(name, expected));
    String support = golden.names("support_").stream().findFirst().orElse("support");
    golden
        .section()
        .each(
            "topk ",
            golden.json().path("topk_sums"),
            (name, expected) -> supported(support, name, expected.asDouble()));
  }

  private void loss(String name, JsonNode expected) {
    VocabularyDistillation loss =
        new VocabularyDistillation(
            expected.path("beta").asDouble(),
            expected.path("temperature").asDouble(1),
            0,
            false,
            Rest.DROPPED);
    double count = Math.max(1, labeled.length);
    VocabularyDistillation.Result found =
        loss.forwardBackward(
            logits.rows(STUDENT, labeled),
            logits.head(),
            new VocabularyDistillation.Live(logits.rows(TEACHER, labeled), logits.head()),
            Networks.ones(labeled.length),
            1 / count);
    double sum = found.sum(Networks.ones(labeled.length));
    mean(name, sum / count, expected, "loss");
    mean(name + " trainer", sum / count, expected, "distillation_trainer");
    // The number of items of the whole step is not stored, only the quotient of both means.
    double items = expected.path("loss").asDouble() * count;
    items = Math.rint(items / expected.path("with_num_items_in_batch").asDouble(items));
    mean(name + " items", sum / items, expected, "with_num_items_in_batch");
    if (golden.has("per_token." + name)) {
      golden.compared(
          "per_token." + name,
          Deviation.scaled(found.losses(), golden.floats("per_token." + name), DIVERGENCE));
    }
    logits.gradient("grad." + name, labeled, found.hiddenGradient(), GRADIENT);
  }

  private void mean(String name, double found, JsonNode expected, String field) {
    if (expected.has(field)) {
      golden.compared(name, Deviation.scaled(found, expected.path(field).asDouble(), LOSS));
    }
  }

  /** Sums over the tokens of a mask alone, of every position. */
  private void supported(String mask, String name, double expected) {
    int[] all = IntStream.range(0, positions).toArray();
    VocabularyDistillation loss =
        new VocabularyDistillation(
            Double.parseDouble(name.substring("beta".length())), 1, 0, false, Rest.DROPPED);
    VocabularyDistillation.Result found =
        loss.forwardBackward(
            logits.rows(STUDENT, all),
            logits.head(),
            stored(mask, all),
            Networks.ones(positions),
            1);
    golden.compared(
        "topk " + name, Deviation.scaled(found.sum(Networks.ones(positions)), expected, LOSS));
    golden.compared(
        "topk_per_token." + name,
        Deviation.scaled(found.losses(), golden.floats("topk_per_token." + name), DIVERGENCE));
    logits.gradient("topk_grad." + name, all, found.hiddenGradient(), GRADIENT);
  }

  /** Returns the teacher's predictions of the tokens of a mask [positions, tokens]. */
  private VocabularyDistillation.Stored stored(String tensor, int[] all) {
    long[] mask = golden.longs(tensor);
    int size = logits.size();
    int count = (int) Arrays.stream(mask, 0, size).sum();
    VocabularyDistillation everything = new VocabularyDistillation(0, 1, size, false, Rest.DROPPED);
    VocabularyDistillation.Stored sorted = everything.top(logits.rows(TEACHER, all), logits.head());
    float[] values = sorted.logProbs().toFloats();
    long[] ids = sorted.ids().toLongs();
    float[] keptValues = new float[all.length * count];
    long[] keptIds = new long[keptValues.length];
    int kept = 0;
    for (int i = 0; i < ids.length; i++) {
      if (mask[i / size * size + (int) ids[i]] == 1) {
        keptValues[kept] = values[i];
        keptIds[kept++] = ids[i];
      }
    }
    return new VocabularyDistillation.Stored(
        Tensor.of(keptValues, all.length, count), Tensor.of(keptIds, all.length, count));
  }
}
