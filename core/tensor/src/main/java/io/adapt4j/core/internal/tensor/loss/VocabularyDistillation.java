package io.adapt4j.core.internal.tensor.loss;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Divergence between the predictions of a student and a teacher (generalized Jensen-Shannon
 * divergence, Agarwal et al. 2024, eq. 1), computed from hidden states. Logits exist for some rows
 * at a time, as in {@link VocabularyLoss}.
 *
 * @param beta 0 for KL(teacher || student), 1 for KL(student || teacher), or a weight in between
 * @param top number of likeliest tokens to compare on; 0 for all
 */
public record VocabularyDistillation(
    double beta, double temperature, int top, boolean ofStudent, Rest rest) {

  private static final Operator DISTILLATION = Operator.core("distillation");
  private static final Operator TOP = Operator.core("top_predictions");

  /** Maximum number of logits at once, of both models together. */
  private static final long LOGITS = 1L << 23;

  /** Treatments of the probability of the tokens that are not compared. */
  public enum Rest {
    /** Left out; the sum may be negative. */
    DROPPED(0),
    /** Distributed over the compared tokens in proportion. */
    NORMALIZED(1),
    /** Compared as a single further token. */
    BUCKET(2);

    private final long code;

    Rest(long code) {
      this.code = code;
    }
  }

  /** Predictions of a teacher for N rows. */
  public sealed interface Teacher {}

  /** A teacher that is at hand. */
  public record Live(Tensor hidden, VocabularyHead head) implements Teacher {}

  /**
   * Stored predictions: log-probabilities at the temperature, and their ids.
   *
   * @param logProbs F32 [N, K]
   * @param ids I64 [N, K]
   */
  public record Stored(Tensor logProbs, Tensor ids) implements Teacher {}

  /**
   * Divergences of rows.
   *
   * @param hiddenGradient gradient of the weighted sum times the scale; null if not requested
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  public record Result(float[] losses, Tensor hiddenGradient) {

    public double sum(float[] weights) {
      double sum = 0;
      for (int i = 0; i < losses.length; i++) {
        sum += (double) weights[i] * losses[i];
      }
      return sum;
    }
  }

  /** Computes the divergence of each row. */
  public float[] evaluate(Tensor hidden, VocabularyHead head, Teacher teacher) {
    return run(hidden, head, teacher, new float[Math.toIntExact(hidden.size(0))], 1, false)
        .losses();
  }

  /**
   * Computes the divergences, and the gradient of their weighted sum times a scale. The gradient of
   * the student's head is accumulated if it is trained.
   */
  public Result forwardBackward(
      Tensor hidden, VocabularyHead head, Teacher teacher, float[] weights, double scale) {
    return run(hidden, head, teacher, weights, scale, true);
  }

  private Result run(
      Tensor hidden,
      VocabularyHead head,
      Teacher teacher,
      float[] weights,
      double scale,
      boolean gradients) {
    List<Tensor> live = new ArrayList<>();
    List<Tensor> stored = List.of();
    VocabularyHead other = head;
    if (teacher instanceof Live predicting) {
      other = predicting.head();
      live.add(predicting.hidden());
      live.add(other.weight().value());
      live.addAll(other.biasValue());
    } else if (teacher instanceof Stored kept) {
      stored = List.of(kept.logProbs(), kept.ids());
    }
    Tensor[] made =
        DISTILLATION.tensors(
            hidden,
            head.weight().value(),
            head.biasValue(),
            head.scale(),
            head.softCap(),
            live,
            other.scale(),
            other.softCap(),
            stored,
            temperature,
            beta,
            (long) top,
            ofStudent,
            rest.code,
            Tensor.of(weights, weights.length),
            scale,
            rows(head),
            gradients,
            head.weightGradient(),
            head.biasGradient());
    return new Result(made[0].toFloats(), gradients ? made[1] : null);
  }

  /** Computes the predictions of a teacher that can be stored: those of the likeliest tokens. */
  public Stored top(Tensor hidden, VocabularyHead head) {
    Tensor[] made =
        TOP.tensors(
            hidden,
            head.weight().value(),
            head.biasValue(),
            head.scale(),
            head.softCap(),
            temperature,
            (long) top,
            rows(head));
    return new Stored(made[0], made[1]);
  }

  private static long rows(VocabularyHead head) {
    return Math.max(16, LOGITS / head.weight().sizes()[0]);
  }
}
