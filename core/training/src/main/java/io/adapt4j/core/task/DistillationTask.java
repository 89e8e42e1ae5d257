package io.adapt4j.core.task;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * See {@link Task#distillation} and {@link Task#selfDistillation}.
 *
 * @param teacher folder of the teacher model; empty with stored predictions alone, and for the
 *     model before training, which then sees each row's completion as a demonstration
 * @param server server of the teacher model, asked once; needs {@code stored}
 * @param stored file of stored predictions; empty to ask the teacher in every step
 * @param top number of likeliest tokens that are stored and compared; 0 for all
 * @param beta 0 for the divergence KL(teacher || student), 1 for KL(student || teacher), or a
 *     weight in between for the generalized Jensen-Shannon divergence
 * @param temperature divisor of both models' logits; above 0
 * @param onPolicy share of batches whose completions the student writes itself
 * @param maxNewTokens maximum number of tokens of such a completion
 * @param miniLlm discount of MiniLLM's policy loss; empty for the divergence
 * @param alignment how a teacher with another tokenizer is compared; empty for one with the same
 */
public record DistillationTask(
    Optional<Path> teacher,
    Optional<TeacherServer> server,
    Optional<Path> stored,
    int top,
    double beta,
    double temperature,
    double onPolicy,
    int maxNewTokens,
    OptionalDouble miniLlm,
    Optional<TokenizerAlignment> alignment)
    implements Task {

  /** Default number of tokens of a completion that the student writes. */
  public static final int NEW_TOKENS = 128;

  /**
   * Checks the options. Throws {@link IllegalArgumentException} if one is out of range, or if the
   * student writes completions and no teacher is there to judge them.
   */
  public DistillationTask {
    Objects.requireNonNull(teacher, "teacher");
    Objects.requireNonNull(server, "server");
    Objects.requireNonNull(stored, "stored");
    Objects.requireNonNull(miniLlm, "miniLlm");
    Objects.requireNonNull(alignment, "alignment");
    require(
        server.isEmpty() || (teacher.isEmpty() && stored.isPresent()),
        "server",
        "with a file of stored predictions and without a teacher's folder",
        "teacher " + teacher + ", stored " + stored);
    require(top >= 0, "top", "at least 0", top);
    require(stored.isEmpty() || top > 0, "top", "at least 1 with stored predictions", top);
    require(beta >= 0 && beta <= 1, "beta", "from 0 to 1", beta);
    require(temperature > 0 && Double.isFinite(temperature), "temperature", "above 0", temperature);
    require(onPolicy >= 0 && onPolicy <= 1, "onPolicy", "from 0 to 1", onPolicy);
    require(
        onPolicy == 0 || stored.isEmpty(),
        "onPolicy",
        "0 with stored predictions, which are of other completions",
        onPolicy);
    require(maxNewTokens >= 1, "maxNewTokens", "at least 1", maxNewTokens);
    double discount = miniLlm.orElse(0);
    require(discount >= 0 && discount <= 1, "miniLlm", "a discount from 0 to 1", discount);
    require(
        miniLlm.isEmpty() || (onPolicy == 1 && top == 0 && teacher.isPresent()),
        "miniLlm",
        "with a teacher, onPolicy 1 and top 0",
        "teacher " + teacher + ", onPolicy " + onPolicy + ", top " + top);
    require(
        alignment.isEmpty()
            || (teacher.isPresent() && stored.isEmpty() && top == 0 && miniLlm.isEmpty()),
        "alignTokenizers",
        "a teacher's folder without stored predictions, with top 0 and without miniLlm",
        "teacher " + teacher + ", stored " + stored + ", top " + top + ", miniLlm " + miniLlm);
  }

  /** {@return whether the teacher is the model before training} */
  public boolean isSelf() {
    return teacher.isEmpty() && server.isEmpty() && stored.isEmpty();
  }

  private static void require(boolean holds, String name, String expected, Object found) {
    if (!holds) {
      throw new IllegalArgumentException(name + ": expected " + expected + ", found " + found);
    }
  }

  /**
   * Returns the task with another divergence.
   *
   * @param weight 0 for the teacher's view (forward KL), 1 for the student's (reverse KL), or in
   *     between; default 0.5
   * @return a changed copy
   */
  public DistillationTask beta(double weight) {
    return new DistillationTask(
        teacher,
        server,
        stored,
        top,
        weight,
        temperature,
        onPolicy,
        maxNewTokens,
        miniLlm,
        alignment);
  }

  /**
   * Returns the task with another temperature.
   *
   * @param divisor above 0; default 1
   * @return a changed copy
   */
  public DistillationTask temperature(double divisor) {
    return new DistillationTask(
        teacher, server, stored, top, beta, divisor, onPolicy, maxNewTokens, miniLlm, alignment);
  }

  /**
   * Returns the task with the divergence over the teacher's likeliest tokens only, over which both
   * distributions are normalized.
   *
   * @param tokens how many; 0, the default, for all
   * @return a changed copy
   */
  public DistillationTask top(int tokens) {
    return new DistillationTask(
        teacher,
        server,
        stored,
        tokens,
        beta,
        temperature,
        onPolicy,
        maxNewTokens,
        miniLlm,
        alignment);
  }

  /**
   * Returns the task with predictions stored in a file: those of the likeliest tokens. Without the
   * file the teacher is asked once for all rows and it is written; later runs on the same rows need
   * no teacher.
   *
   * @param file a safetensors file
   * @param tokens how many likeliest tokens of each position; at least 1, often 20 to 100
   * @return a changed copy
   */
  public DistillationTask stored(Path file, int tokens) {
    return new DistillationTask(
        teacher,
        server,
        Optional.of(file),
        tokens,
        beta,
        temperature,
        onPolicy,
        maxNewTokens,
        miniLlm,
        alignment);
  }

  /**
   * Returns MiniLLM (Gu et al. 2024): completions written by the student are reinforced by the
   * teacher's log-probabilities, and KL(student || teacher) of every step is added.
   *
   * @param discount of later tokens' log-probabilities, from 0 to 1; 0 counts each token's own
   * @param tokens maximum number of tokens of a completion
   * @return a changed copy
   */
  public DistillationTask miniLlm(double discount, int tokens) {
    return new DistillationTask(
        teacher,
        server,
        stored,
        0,
        beta,
        temperature,
        1,
        tokens,
        OptionalDouble.of(discount),
        alignment);
  }

  /**
   * Returns the task with completions written by the student (GKD, Agarwal et al. 2024).
   *
   * @param share share of the batches; from 0, the default, to 1
   * @param tokens maximum number of tokens of a completion; default 128
   * @return a changed copy
   */
  public DistillationTask onPolicy(double share, int tokens) {
    return new DistillationTask(
        teacher, server, stored, top, beta, temperature, share, tokens, miniLlm, alignment);
  }

  /**
   * Returns the task with a teacher that may have another tokenizer (GOLD): tokens of both are
   * aligned on their text. Needs a teacher's folder, all tokens and the divergence.
   *
   * @return a changed copy, with the usual weights
   */
  public DistillationTask alignTokenizers() {
    return alignTokenizers(TokenizerAlignment.create());
  }

  /**
   * Returns the task with a teacher that may have another tokenizer.
   *
   * @param weights weights of the parts of the loss
   * @return a changed copy
   */
  public DistillationTask alignTokenizers(TokenizerAlignment weights) {
    return new DistillationTask(
        teacher,
        server,
        stored,
        top,
        beta,
        temperature,
        onPolicy,
        maxNewTokens,
        miniLlm,
        Optional.of(weights));
  }
}
