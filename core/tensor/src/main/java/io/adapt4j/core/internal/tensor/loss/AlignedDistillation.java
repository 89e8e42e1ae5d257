package io.adapt4j.core.internal.tensor.loss;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation.Live;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation.Result;
import java.util.ArrayList;
import java.util.List;

/**
 * Distance of the predictions of a student and a teacher with another vocabulary (General Online
 * Logit Distillation, GOLD). The distribution of a group of tokens is that of its first token times
 * the probability of the others, whose sum is below 1. Vocabulary entries that are in both are
 * compared by the generalized Jensen-Shannon divergence, others by the L1 distance of their sorted
 * probabilities (Universal Logit Distillation, Boizard et al. 2024).
 */
public record AlignedDistillation(
    double beta, double temperature, Entries entries, Parts parts, boolean texts) {

  private static final Operator ALIGNED = Operator.core("aligned_distillation");

  /** Maximum number of logits at once, of both models together. */
  private static final long LOGITS = 1L << 23;

  /**
   * Entries of two vocabularies.
   *
   * @param student ids that are matched; the i-th ones of both vocabularies belong together
   * @param studentOnly all other ids of the student
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  public record Entries(long[] student, long[] teacher, long[] studentOnly, long[] teacherOnly) {

    private List<Tensor> tensors() {
      return List.of(
          Tensor.of(student, student.length),
          Tensor.of(teacher, teacher.length),
          Tensor.of(studentOnly, studentOnly.length),
          Tensor.of(teacherOnly, teacherOnly.length));
    }
  }

  /** Factors of the parts of the loss. */
  public record Parts(double matched, double unmatched, double crossEntropy) {}

  /** Computes the loss of each group. */
  public float[] evaluate(
      Tensor hidden, VocabularyHead head, Tensor[] targets, Live teacher, TokenGroups groups) {
    return run(hidden, head, targets, teacher, groups, LOGITS, 1, false).losses();
  }

  /**
   * Computes the losses of groups, and the gradient of their weighted sum times a scale. The
   * gradient of the student's head is accumulated if it is trained. Targets of the student's and of
   * the teacher's rows are I64 [N] and [M].
   */
  public Result forwardBackward(
      Tensor hidden,
      VocabularyHead head,
      Tensor[] targets,
      Live teacher,
      TokenGroups groups,
      double scale) {
    return run(hidden, head, targets, teacher, groups, LOGITS, scale, true);
  }

  Result run(
      Tensor hidden,
      VocabularyHead head,
      Tensor[] targets,
      Live teacher,
      TokenGroups groups,
      long logits,
      double scale,
      boolean gradients) {
    VocabularyHead other = teacher.head();
    List<Tensor> live = new ArrayList<>(List.of(teacher.hidden(), other.weight().value()));
    live.addAll(other.biasValue());
    Tensor[] made =
        ALIGNED.tensors(
            hidden,
            head.weight().value(),
            head.biasValue(),
            head.scale(),
            head.softCap(),
            live,
            other.scale(),
            other.softCap(),
            List.of(targets),
            List.of(TokenGroups.ofRows(groups.student()), TokenGroups.ofRows(groups.teacher())),
            List.of(TokenGroups.ends(groups.student()), TokenGroups.ends(groups.teacher())),
            entries.tensors(),
            texts ? List.of(groups.single()) : List.of(),
            temperature,
            beta,
            new double[] {parts.matched(), parts.unmatched(), parts.crossEntropy()},
            Tensor.of(groups.weights(), groups.count()),
            scale,
            groups.chunks(head.weight().sizes()[0], other.weight().sizes()[0], logits),
            gradients,
            head.weightGradient(),
            head.biasGradient());
    return new Result(made[0].toFloats(), gradients ? made[1] : null);
  }
}
