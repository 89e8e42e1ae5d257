package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.task.distillation.MiniLlm;
import io.adapt4j.core.internal.task.distillation.ReturnsToGo;
import io.adapt4j.core.internal.task.rl.PolicyLoss;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation.Live;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.core.reinforce.ClippedRatio;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Kind;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

/** Checks MiniLLM's loss in its corrected form on stored logits. */
final class MiniLlmCheck {

  private static final String STUDENT = "student_logits";

  static final Kind KIND =
      new Kind(
          "MiniLLM",
          source -> MethodParts.hasCase(source, "losses", "rkl_advantage"),
          (source, section) -> {
            try (GoldenFolder golden = MethodParts.open(source, section);
                StoredLogits logits = StoredLogits.open(golden, STUDENT)) {
              new MiniLlmCheck(golden, logits).run();
            }
          });

  private static final double LOSS = 1e-5;
  private static final double GRADIENT = 1e-6;
  private static final double ADVANTAGE = 1e-5;

  private final GoldenFolder golden;
  private final StoredLogits logits;
  private final CompletionBatch batch;
  private final int[] places;

  private MiniLlmCheck(GoldenFolder golden, StoredLogits logits) {
    this.golden = golden;
    this.logits = logits;
    this.batch = CompletionBatch.of(golden);
    int length = batch.batch().length();
    int before = length - batch.width();
    this.places =
        IntStream.range(0, batch.lengths().length)
            .flatMap(
                row ->
                    IntStream.range(0, batch.lengths()[row])
                        .map(t -> row * length + before - 1 + t))
            .toArray();
  }

  private void run() {
    golden
        .section()
        .each("", golden.json().path("losses"), (name, expected) -> loss(name, expected));
  }

  private void loss(String name, JsonNode expected) {
    JsonNode grpo = golden.json().path("grpo");
    MiniLlm loss =
        new MiniLlm(
            new PolicyLoss(
                new ClippedRatio(
                    grpo.path("epsilon_low").asDouble(), grpo.path("epsilon_high").asDouble()),
                false,
                0),
            expected.path("rkl_advantage").asBoolean()
                ? Optional.of(
                    new ReturnsToGo(
                        expected.path("gamma").asDouble(),
                        expected.path("length_normalization").asBoolean()))
                : Optional.empty(),
            expected.path("single_step_decomposition").asBoolean(),
            expected.path("kd_temperature").asDouble(1));
    Tensor rows = logits.rows(STUDENT, places);
    Live teacher = new Live(logits.rows("teacher_logits", places), logits.head());
    Tensor targets = targets();
    MiniLlm.Completions completions =
        new MiniLlm.Completions(batch.lengths(), old(rows, targets), golden.floats("advantages"));
    VocabularyLoss.Result found =
        loss.forwardBackward(rows, logits.head(), targets, teacher, completions, 1);
    golden.compared(
        "corrected_loss " + name,
        Deviation.scaled(found.sum(), expected.path("corrected_loss").asDouble(), LOSS));
    logits.gradient("corrected_grad." + name, places, found.hiddenGradient(), GRADIENT);
    String advantages = "corrected_advantages." + name;
    if (golden.has(advantages)) {
      golden.compared(
          advantages,
          Deviation.scaled(
              loss.advantages(rows, logits.head(), targets, teacher, completions),
              batch.real(golden.floats(advantages)),
              ADVANTAGE));
    }
  }

  private Tensor targets() {
    long[] ids = golden.longs("completion_ids");
    int width = batch.width();
    long[] targets =
        IntStream.range(0, batch.lengths().length)
            .boxed()
            .flatMapToLong(
                row -> Arrays.stream(ids, row * width, row * width + batch.lengths()[row]))
            .toArray();
    return Tensor.of(targets, targets.length);
  }

  private float[] old(Tensor rows, Tensor targets) {
    float[] old = VocabularyLoss.score(rows, logits.head(), targets).logProbabilities().toFloats();
    float[] shift = batch.real(golden.floats("old_shift"));
    for (int i = 0; i < old.length; i++) {
      old[i] += shift[i];
    }
    return old;
  }
}
