package io.adapt4j.core.task;

import io.adapt4j.core.RewardModel;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.preference.Reference;
import io.adapt4j.core.reinforce.Reinforcement;
import io.adapt4j.core.train.TaskKind;
import java.util.List;
import java.util.Objects;

/**
 * What a model is fine-tuned for. The task decides which output layer the model needs: one that the
 * checkpoint does not have is made as Transformers makes it, with random first values, and saved
 * with the result.
 */
public sealed interface Task {

  /** Share of tokens that are hidden in masked-token training, as BERT has it. */
  double MASKING = 0.15;

  /**
   * Predicting next tokens, with decoders: texts, answers to prompts, conversations. The default.
   *
   * @return the task
   */
  static Task nextTokens() {
    return new NextTokens();
  }

  /**
   * Sorting texts, or pairs of texts, into classes, exactly one a text: softmax cross-entropy.
   * Measures {@code accuracy} and {@code macro_f1}.
   *
   * @return the task, with the labels of the data
   */
  static Labelled classification() {
    return new Labelled(TextProblem.ONE_LABEL, List.of(), false);
  }

  /**
   * Finding the classes of a text, any number of them: binary cross-entropy with the logistic
   * function. Measures {@code micro_f1}, {@code macro_f1} and {@code exact_match}.
   *
   * @return the task, with the labels of the data
   */
  static Labelled multiLabel() {
    return new Labelled(TextProblem.MANY_LABELS, List.of(), false);
  }

  /**
   * Giving a text, or a pair of texts, a number: squared error. The label of each row is the
   * number. Measures {@code mse}, {@code pearson} and {@code spearman}.
   *
   * @return the task
   */
  static Labelled regression() {
    return new Labelled(TextProblem.NUMBER, List.of(), false);
  }

  /**
   * Finding the class of each word: softmax cross-entropy at the first token of each. Measures
   * {@code accuracy} and {@code macro_f1} over words, and {@code entity_precision}, {@code
   * entity_recall} and {@code entity_f1} where labels are of the kind B-PER, I-PER, O.
   *
   * @return the task, with the labels of the data
   */
  static Labelled tokenClassification() {
    return new Labelled(TextProblem.TOKEN_LABELS, List.of(), false);
  }

  /**
   * Predicting hidden tokens, with encoders (Devlin et al. 2019): 15 % of the tokens, others in
   * every epoch.
   *
   * @return the task
   */
  static Task maskedTokens() {
    return maskedTokens(MASKING);
  }

  /**
   * Predicting hidden tokens, with encoders.
   *
   * @param probability of each token to be hidden, above 0 and below 1
   * @return the task
   * @throws IllegalArgumentException if the probability is not
   */
  static Task maskedTokens(double probability) {
    return new MaskedTokens(probability);
  }

  /**
   * Embedding queries near the passages that answer them, with encoders: each query has to find its
   * passage among all passages of its batch (multiple negatives ranking, Henderson et al. 2017).
   * Measures {@code mrr} and {@code accuracy} over all passages of the validation data.
   *
   * @return the task, with scale 20 and no prompts
   */
  static Embeddings embeddings() {
    return new Embeddings(Embeddings.SCALE, "", "");
  }

  /**
   * Preferring some answers to others, with decoders: from pairs of a better and a worse answer, or
   * with {@link PreferenceLoss#kto} from answers that are good or bad. Measures {@code accuracy}
   * and {@code margin} of the rewards and what they are made of, also in every step.
   *
   * @param loss what is minimised
   * @return the task, compared with the base where the loss compares
   */
  static Preferences preference(PreferenceLoss loss) {
    return new Preferences(loss, Reference.base());
  }

  /**
   * Trains a reward model on pairs of a better and a worse answer: a network of one label whose
   * number is higher for the better one, under the Bradley-Terry model. Its metrics are {@code
   * accuracy}, {@code margin} and {@code calibration_error}; {@link RewardModel} reads what it
   * saves.
   *
   * @return the task, without margins and centring
   */
  static Reward reward() {
    return new Reward("", 0);
  }

  /**
   * Trains a decoder on rewards of its own completions. The rows give prompts: texts, prompts with
   * completions or pairs, of which the prompt counts, and conversations, without the last message
   * where that is the assistant's. Batch size and gradient accumulation are completions of a step;
   * a rollout must divide into steps. The validation loss is the negative mean reward of one
   * completion of each held-out prompt, and {@code bestBy("reward")} says the same.
   *
   * @param algorithm {@link io.adapt4j.core.reinforce.Grpo} or {@link
   *     io.adapt4j.core.reinforce.Ppo}, with its reward functions
   * @return the task
   */
  static Task reinforcement(Reinforcement algorithm) {
    return new Reinforced(algorithm);
  }

  /**
   * Returns what this task is as far as the defaults of a run depend on it.
   *
   * @return the kind
   */
  TaskKind kind();

  /** See {@link Task#nextTokens}. */
  record NextTokens() implements Task {

    @Override
    public TaskKind kind() {
      return TaskKind.NEXT_TOKENS;
    }
  }

  /**
   * Training of a reward model.
   *
   * @param marginField of the rows that holds the margin; empty to ask for none
   * @param centring what the square of the sum of a pair's rewards counts in the loss
   */
  record Reward(String marginField, double centring) implements Task {

    /**
     * Checks the values.
     *
     * @param marginField of the rows that holds the margin
     * @param centring what the square of the sum of a pair's rewards counts in the loss
     * @throws IllegalArgumentException if centring is negative or not finite
     */
    public Reward {
      Objects.requireNonNull(marginField, "marginField");
      if (!(centring >= 0 && Double.isFinite(centring))) {
        throw new IllegalArgumentException("centring must be at least 0, found " + centring);
      }
    }

    @Override
    public TaskKind kind() {
      return TaskKind.REWARD;
    }

    /**
     * Asks that the rewards of a pair differ by at least a number of its row, which pairs in memory
     * have from {@link io.adapt4j.core.data.Dataset#withField}.
     *
     * @param field of the row, a number of at least 0
     * @return the task with it
     */
    public Reward margin(String field) {
      return new Reward(field, centring);
    }

    /**
     * Keeps rewards around 0 (Eisenstein et al. 2023); default 0, usual is 0.01.
     *
     * @param coefficient what the square of the sum of a pair's rewards counts in the loss
     * @return the task with it
     */
    public Reward centring(double coefficient) {
      return new Reward(marginField, coefficient);
    }
  }

  /**
   * Reinforcement learning.
   *
   * @param algorithm how, and for what rewards
   */
  record Reinforced(Reinforcement algorithm) implements Task {

    /**
     * Checks that there is an algorithm.
     *
     * @param algorithm how, and for what rewards
     */
    public Reinforced {
      Objects.requireNonNull(algorithm, "algorithm");
    }

    @Override
    public TaskKind kind() {
      return TaskKind.REINFORCEMENT;
    }
  }

  /**
   * Scores of texts or of their words.
   *
   * @param problem what is to be said of a text
   * @param labels the classes in order; empty for those of the data
   * @param replacesClassifier whether a checkpoint's classifier of other classes is replaced
   */
  record Labelled(TextProblem problem, List<String> labels, boolean replacesClassifier)
      implements Task {

    /**
     * Copies the labels.
     *
     * @param problem what is to be said of a text
     * @param labels the classes in order
     * @param replacesClassifier whether a checkpoint's classifier of other classes is replaced
     */
    public Labelled {
      labels = List.copyOf(labels);
    }

    @Override
    public TaskKind kind() {
      return TaskKind.CLASSIFICATION;
    }

    /**
     * States the classes and their order. By default they are those of the data: whole numbers by
     * value, other names by their characters. Data may then have the number of a class, from 0, in
     * the place of its name.
     *
     * @param names the classes, class 0 first
     * @return a changed copy
     */
    public Labelled labels(String... names) {
      return new Labelled(problem, List.of(names), replacesClassifier);
    }

    /**
     * Gives a checkpoint that already scores other classes a new classifier in its place. Without
     * this, such a checkpoint is refused.
     *
     * @return a changed copy
     */
    public Labelled replaceClassifier() {
      return new Labelled(problem, labels, true);
    }
  }

  /**
   * See {@link Task#maskedTokens(double)}.
   *
   * @param probability of each token to be hidden
   */
  record MaskedTokens(double probability) implements Task {

    /**
     * Checks the probability.
     *
     * @param probability above 0 and below 1
     * @throws IllegalArgumentException if it is not
     */
    public MaskedTokens {
      if (!(probability > 0 && probability < 1)) {
        throw new IllegalArgumentException(
            "maskedTokens: expected a probability above 0 and below 1, found " + probability);
      }
    }

    @Override
    public TaskKind kind() {
      return TaskKind.MASKED_TOKENS;
    }
  }

  /**
   * See {@link Task#preference}.
   *
   * @param loss what is minimised
   * @param reference what the loss compares with; of no consequence where it does not compare
   */
  record Preferences(PreferenceLoss loss, Reference reference) implements Task {

    /**
     * Checks that both are given.
     *
     * @param loss what is minimised
     * @param reference what the loss compares with
     */
    public Preferences {
      Objects.requireNonNull(loss, "loss");
      Objects.requireNonNull(reference, "reference");
    }

    @Override
    public TaskKind kind() {
      return loss.usesReference() ? TaskKind.PREFERENCE : TaskKind.PREFERENCE_WITHOUT_REFERENCE;
    }

    /**
     * Sets what the loss compares with.
     *
     * @param model the reference
     * @return a changed copy
     */
    public Preferences reference(Reference model) {
      return new Preferences(loss, model);
    }
  }

  /**
   * See {@link Task#embeddings}.
   *
   * @param scale multiplies the cosines before the softmax
   * @param queryPrompt what stands before each query; may be empty
   * @param passagePrompt what stands before each passage; may be empty
   */
  record Embeddings(double scale, String queryPrompt, String passagePrompt) implements Task {

    /** The scale of Sentence Transformers. */
    public static final double SCALE = 20;

    /**
     * Checks the scale.
     *
     * @param scale above 0
     * @param queryPrompt what stands before each query
     * @param passagePrompt what stands before each passage
     * @throws IllegalArgumentException if the scale is not above 0 or not finite
     */
    public Embeddings {
      Objects.requireNonNull(queryPrompt, "queryPrompt");
      Objects.requireNonNull(passagePrompt, "passagePrompt");
      if (!(scale > 0 && Double.isFinite(scale))) {
        throw new IllegalArgumentException("scale: expected a number above 0, found " + scale);
      }
    }

    @Override
    public TaskKind kind() {
      return TaskKind.EMBEDDINGS;
    }

    /**
     * Sets what the cosines are multiplied by: the larger, the more the nearest wrong passages
     * count.
     *
     * @param factor above 0; 20 is usual
     * @return a changed copy
     */
    public Embeddings scale(double factor) {
      return new Embeddings(factor, queryPrompt, passagePrompt);
    }

    /**
     * Puts texts before queries and passages, as E5 and BGE want it; the same are to be given when
     * the model is used.
     *
     * @param query such as "query: "
     * @param passage such as "passage: "
     * @return a changed copy
     */
    public Embeddings prompts(String query, String passage) {
      return new Embeddings(scale, query, passage);
    }
  }
}
