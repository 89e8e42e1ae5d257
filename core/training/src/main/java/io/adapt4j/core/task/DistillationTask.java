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
    Optional<Alignment> alignment)
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

  private DistillationTask with(Optional<Path> file, int tokens, double weight, double divisor) {
    return new DistillationTask(
        teacher, server, file, tokens, weight, divisor, onPolicy, maxNewTokens, miniLlm, alignment);
  }

  /**
   * Returns the task with another divergence.
   *
   * @param weight 0 for the teacher's view (forward KL), 1 for the student's (reverse KL), or in
   *     between; default 0.5
   * @return a changed copy
   */
  public DistillationTask beta(double weight) {
    return with(stored, top, weight, temperature);
  }

  /**
   * Returns the task with another temperature.
   *
   * @param divisor above 0; default 1
   * @return a changed copy
   */
  public DistillationTask temperature(double divisor) {
    return with(stored, top, beta, divisor);
  }

  /**
   * Returns the task with the divergence over the teacher's likeliest tokens only, over which both
   * distributions are normalized.
   *
   * @param tokens how many; 0, the default, for all
   * @return a changed copy
   */
  public DistillationTask top(int tokens) {
    return with(stored, tokens, beta, temperature);
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
    return with(Optional.of(file), tokens, beta, temperature);
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
    return alignTokenizers(Alignment.create());
  }

  /**
   * Returns the task with a teacher that may have another tokenizer.
   *
   * @param weights weights of the parts of the loss
   * @return a changed copy
   */
  public DistillationTask alignTokenizers(Alignment weights) {
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

  /**
   * Loss of distillation between models of different tokenizers, as in GOLD. Tokens of both models
   * that cover the same text form a group, whose probability is the product of its tokens'. The
   * loss is the mean over groups of
   *
   * <pre>
   * distillation * (matched * divergence + unmatched * distance) + crossEntropy * -log p(text)
   * </pre>
   *
   * where the divergence is over the tokens that both vocabularies have, and the distance is the L1
   * distance of the sorted probabilities of all others (Boizard et al. 2024).
   *
   * @param hybrid whether equal tokens are matched; false for the distance over all tokens
   * @param wholeTexts whether a group of several tokens has the divergence of its text from all
   *     other texts, with both weights; false for tokens after the group's first ones, as in GOLD,
   *     although these mean different texts in both models
   * @param matched weight of the divergence; empty for the share of the teacher's vocabulary that
   *     the student has
   * @param unmatched weight of the distance; empty for the rest of 1
   * @param crossEntropy weight of the cross-entropy of the group's text
   * @param distillation weight of divergence and distance together
   */
  public record Alignment(
      boolean hybrid,
      boolean wholeTexts,
      OptionalDouble matched,
      OptionalDouble unmatched,
      double crossEntropy,
      double distillation) {

    /**
     * Checks the weights. Throws {@link IllegalArgumentException} if one is negative or not finite,
     * or only one of the first two is given.
     */
    public Alignment {
      Objects.requireNonNull(matched, "matched");
      Objects.requireNonNull(unmatched, "unmatched");
      require("matched", matched.orElse(0));
      require("unmatched", unmatched.orElse(0));
      require("crossEntropy", crossEntropy);
      require("distillation", distillation);
      if (matched.isPresent() != unmatched.isPresent()) {
        throw new IllegalArgumentException(
            "matched and unmatched: expected both or neither, found "
                + matched
                + " and "
                + unmatched);
      }
      if (!hybrid && matched.isPresent()) {
        throw new IllegalArgumentException(
            "matched and unmatched: expected none without hybrid, which compares all tokens sorted");
      }
    }

    private static void require(String name, double weight) {
      if (!(weight >= 0) || Double.isInfinite(weight)) {
        throw new IllegalArgumentException(name + ": expected at least 0, found " + weight);
      }
    }

    /**
     * Returns the default weights: hybrid, by the vocabularies' overlap, without cross-entropy.
     *
     * @return the weights
     */
    public static Alignment create() {
      return new Alignment(true, true, OptionalDouble.empty(), OptionalDouble.empty(), 0, 1);
    }

    /**
     * Returns the weights with those of matched and of other tokens.
     *
     * @param ofMatched weight of the divergence over matched tokens
     * @param ofUnmatched weight of the sorted distance of the others
     * @return a changed copy
     */
    public Alignment hybrid(double ofMatched, double ofUnmatched) {
      return new Alignment(
          true,
          wholeTexts,
          OptionalDouble.of(ofMatched),
          OptionalDouble.of(ofUnmatched),
          crossEntropy,
          distillation);
    }

    /**
     * Returns the loss for the sorted distance over all tokens, as in Universal Logit Distillation.
     *
     * @return a changed copy
     */
    public Alignment sorted() {
      return new Alignment(
          false,
          wholeTexts,
          OptionalDouble.empty(),
          OptionalDouble.empty(),
          crossEntropy,
          distillation);
    }

    /**
     * Returns the loss with groups of several tokens compared by whole texts or not.
     *
     * @param whole false to merge tokens as GOLD does; default true
     * @return a changed copy
     */
    public Alignment wholeTexts(boolean whole) {
      return new Alignment(hybrid, whole, matched, unmatched, crossEntropy, distillation);
    }

    /**
     * Returns the weights with another one of the cross-entropy.
     *
     * @param weight at least 0; default 0
     * @return a changed copy
     */
    public Alignment crossEntropy(double weight) {
      return new Alignment(hybrid, wholeTexts, matched, unmatched, weight, distillation);
    }

    /**
     * Returns the weights with another one of divergence and distance.
     *
     * @param weight at least 0; default 1
     * @return a changed copy
     */
    public Alignment distillation(double weight) {
      return new Alignment(hybrid, wholeTexts, matched, unmatched, crossEntropy, weight);
    }
  }
}
