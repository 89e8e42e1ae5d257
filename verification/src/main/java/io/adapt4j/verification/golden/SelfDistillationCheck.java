package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.task.distillation.RowMeans;
import io.adapt4j.core.internal.task.distillation.SampledTokens;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation.Live;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation.Rest;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Gradients;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.UnsupportedQuantityException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Checks self-distillation losses of stored logits, by completion. */
final class SelfDistillationCheck {

  static final Kind KIND =
      new Kind(
          "self-distillation",
          source -> MethodParts.hasCase(source, "losses", "mode"),
          (source, section) -> {
            try (GoldenFolder golden = MethodParts.open(source, section);
                StoredLogits logits = StoredLogits.open(golden, "student_logits")) {
              new SelfDistillationCheck(golden, logits).run();
            }
          });

  private static final double LOSS = 1e-5;
  private static final double GRADIENT = 1e-6;
  private static final double DIVERGENCE = 1e-5;

  private final GoldenFolder golden;
  private final StoredLogits logits;
  private final int[] lengths;
  private final int[] places;

  private SelfDistillationCheck(GoldenFolder golden, StoredLogits logits) {
    this.golden = golden;
    this.logits = logits;
    float[] mask = golden.floats("loss_mask");
    int width = golden.dimension("loss_mask", 1);
    this.places = IntStream.range(0, mask.length).filter(i -> mask[i] == 1).toArray();
    this.lengths = new int[mask.length / width];
    for (int place : places) {
      lengths[place / width]++;
    }
  }

  private void run() {
    golden
        .section()
        .each("", golden.json().path("losses"), (name, expected) -> loss(name, expected));
  }

  private void loss(String name, JsonNode expected) {
    Tensor rows = logits.rows("student_logits", places);
    Live teacher = new Live(logits.rows("teacher_logits", places), logits.head());
    Tensor targets = targets();
    float[] weights = RowMeans.weights(lengths);
    if (expected.has("clip")) {
      float[] now =
          VocabularyLoss.score(rows, logits.head(), targets).logProbabilities().toFloats();
      RowMeans.correct(weights, now, old(), expected.path("clip").asDouble());
    }
    double scale = 1.0 / lengths.length;
    String mode = expected.path("mode").asText();
    if (mode.equals("sampled_token")) {
      VocabularyLoss.Result found =
          SampledTokens.forwardBackward(rows, logits.head(), targets, teacher, weights, scale);
      compare(name, expected, found.sum() * scale, found.hiddenGradient());
      return;
    }
    VocabularyDistillation loss = divergence(mode, expected);
    VocabularyDistillation.Result found =
        loss.forwardBackward(rows, logits.head(), teacher, weights, scale);
    compare(name, expected, found.sum(weights) * scale, found.hiddenGradient());
    perToken(name, loss);
  }

  private static VocabularyDistillation divergence(String mode, JsonNode expected) {
    int top =
        switch (mode) {
          case "full_logits" -> 0;
          case "topk_logits" -> expected.path("topk").asInt();
          default -> throw new UnsupportedQuantityException("distillation mode " + mode);
        };
    Rest rest = expected.path("tail").asBoolean() ? Rest.BUCKET : Rest.NORMALIZED;
    double temperature = expected.path("temperature").asDouble(1);
    return new VocabularyDistillation(
        expected.path("alpha").asDouble(), temperature, top, true, rest);
  }

  private void compare(String name, JsonNode expected, double loss, Tensor gradient) {
    golden.compared(name, Deviation.scaled(loss, expected.path("loss").asDouble(), LOSS));
    double norm = Gradients.norm(List.of(gradient.toFloats()));
    golden.compared(
        name + " grad_norm",
        Deviation.scaled(norm, expected.path("grad_norm").asDouble(), GRADIENT));
    logits.gradient("grad." + name, places, gradient, GRADIENT);
  }

  /** Compares every position, those outside the mask too. */
  private void perToken(String name, VocabularyDistillation loss) {
    String tensor = "per_token." + name;
    if (golden.has(tensor)) {
      float[] expected = golden.floats(tensor);
      int[] all = IntStream.range(0, expected.length).toArray();
      float[] found =
          loss.evaluate(
              logits.rows("student_logits", all),
              logits.head(),
              new Live(logits.rows("teacher_logits", all), logits.head()));
      golden.compared(tensor, Deviation.scaled(found, expected, DIVERGENCE));
    }
  }

  private Tensor targets() {
    long[] ids = golden.longs("completion_ids");
    return Tensor.of(Arrays.stream(places).mapToLong(i -> ids[i]).toArray(), places.length);
  }

  private float[] old() {
    float[] all = golden.floats("old_per_token_logps");
    float[] taken = new float[places.length];
    for (int i = 0; i < taken.length; i++) {
      taken[i] = all[places[i]];
    }
    return taken;
  }
}
