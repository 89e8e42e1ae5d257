package io.adapt4j.core.task;

import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.preference.Reference;
import io.adapt4j.core.reinforce.Reinforcement;
import io.adapt4j.core.spi.TrainingObjective;
import java.util.List;

/**
 * What a model is fine-tuned for. The task decides which output layer the model needs: one that the
 * checkpoint does not have is made as Transformers makes it, with random first values, and saved
 * with the result.
 */
public interface Task {

  /** Share of tokens that are masked in masked-token training, as BERT has it. */
  double MASKING = 0.15;

  /**
   * Predicting next tokens, with decoders: texts, answers to prompts, conversations. The default.
   *
   * @return the task
   */
  static Task nextTokens() {
    return new CausalLmTask();
  }

  /**
   * Classifying texts, or pairs of texts, exactly one class a text: softmax cross-entropy. Measures
   * {@code accuracy} and {@code macro_f1}.
   *
   * @return the task, with the labels of the data
   */
  static ClassificationTask classification() {
    return new ClassificationTask(ClassificationProblem.SINGLE_LABEL, List.of(), false);
  }

  /**
   * Classifying texts, any number of classes a text: binary cross-entropy with the logistic
   * function. Measures {@code micro_f1}, {@code macro_f1} and {@code exact_match}.
   *
   * @return the task, with the labels of the data
   */
  static ClassificationTask multiLabel() {
    return new ClassificationTask(ClassificationProblem.MULTI_LABEL, List.of(), false);
  }

  /**
   * Giving a text, or a pair of texts, a number: squared error. The label of each row is the
   * number. Measures {@code mse}, {@code pearson} and {@code spearman}.
   *
   * @return the task
   */
  static ClassificationTask regression() {
    return new ClassificationTask(ClassificationProblem.REGRESSION, List.of(), false);
  }

  /**
   * Classifying each word of a text: softmax cross-entropy at the first token of each. Measures
   * {@code accuracy} and {@code macro_f1} over words, and {@code entity_precision}, {@code
   * entity_recall} and {@code entity_f1} where labels are of the kind B-PER, I-PER, O.
   *
   * @return the task, with the labels of the data
   */
  static ClassificationTask tokenClassification() {
    return new ClassificationTask(ClassificationProblem.TOKEN, List.of(), false);
  }

  /**
   * Predicting masked tokens, with encoders (Devlin et al. 2019): 15 % of the tokens, others in
   * every epoch.
   *
   * @return the task
   */
  static Task maskedTokens() {
    return maskedTokens(MASKING);
  }

  /**
   * Predicting masked tokens, with encoders.
   *
   * @param probability of each token to be masked, above 0 and below 1
   * @return the task
   * @throws IllegalArgumentException if the probability is not
   */
  static Task maskedTokens(double probability) {
    return new MaskedLmTask(probability);
  }

  /**
   * Writing one text for another, with encoder-decoders: summaries, translations. Rows are prompts
   * with completions; the prompt is read, and the completion is written.
   *
   * @return the task, without label smoothing
   */
  static SequenceToSequenceTask sequenceToSequence() {
    return new SequenceToSequenceTask(0);
  }

  /**
   * Embedding queries near the passages that answer them, with encoders: each query has to find its
   * passage among all passages of its batch (multiple negatives ranking, Henderson et al. 2017).
   * Measures {@code mrr} and {@code accuracy} over all passages of the validation data.
   *
   * @return the task, with scale 20 and no prompts
   */
  static EmbeddingTask embeddings() {
    return new EmbeddingTask(EmbeddingTask.SCALE, "", "");
  }

  /**
   * Saying yes or no to a document for a query, with decoders, in the prompt of Qwen3-Reranker:
   * cross-entropy of yes against no after the prompt. Rows are pairs of query and document with a
   * label: yes or no, 1 or 0, or a number between for how relevant the document is. Queries with
   * passages are understood too: yes to the passage, no to each negative. Measures {@code accuracy}
   * and {@code mrr}, the mean reciprocal rank of the first relevant document among those of its
   * query. {@code TextReranker} reads what is saved; other rerankers are trained as {@link
   * #multiLabel} or {@link #classification} of pairs.
   *
   * @return the task, with the instruction of Qwen3-Reranker
   */
  static RerankingTask reranking() {
    return new RerankingTask(RerankingTask.INSTRUCTION);
  }

  /**
   * Preferring some answers to others, with decoders: from pairs of a better and a worse answer, or
   * with {@link PreferenceLoss#kto} from answers that are good or bad. Measures {@code accuracy}
   * and {@code margin} of the rewards and what they are made of, also in every step.
   *
   * @param loss what is minimized
   * @return the task, compared with the base where the loss compares
   */
  static PreferenceTask preference(PreferenceLoss loss) {
    return new PreferenceTask(loss, Reference.base());
  }

  /**
   * Trains a reward model on pairs of a better and a worse answer: a network of one label whose
   * number is higher for the better one, under the Bradley-Terry model. Its metrics are {@code
   * accuracy}, {@code margin} and {@code calibration_error}; {@code RewardModel} reads what it
   * saves.
   *
   * @return the task, without margins and centering
   */
  static RewardTask reward() {
    return new RewardTask("", 0);
  }

  /**
   * Trains a decoder on rewards of its own completions. The rows give prompts: texts, prompts with
   * completions or pairs, of which the prompt counts, and conversations, without the last message
   * where that is the assistant's. Batch size and gradient accumulation are completions of a step;
   * a rollout must divide into steps. The validation loss is the negative mean reward of one
   * completion of each held-out prompt, and {@code metricForBestModel("reward")} says the same.
   *
   * @param algorithm {@link io.adapt4j.core.reinforce.Grpo} or {@link
   *     io.adapt4j.core.reinforce.Ppo}, with its reward functions
   * @return the task
   */
  static Task reinforcement(Reinforcement algorithm) {
    return new ReinforcementLearningTask(algorithm);
  }

  /**
   * Minimizing a loss of your own. A run that resumes has to be given an objective of the same name
   * and options. A description of the run, as in YAML, cannot hold it.
   *
   * @param objective what is minimized
   * @return the task
   * @throws IllegalArgumentException if the objective's name is blank
   */
  static Task custom(TrainingObjective objective) {
    return new Custom(objective);
  }

  /**
   * A task that is code.
   *
   * @param objective what is minimized
   */
  record Custom(TrainingObjective objective) implements Task {

    /**
     * Checks name and outputs.
     *
     * @param objective what is minimized
     * @throws IllegalArgumentException if its name is blank or its number of outputs negative
     */
    public Custom {
      if (objective.name().isBlank()) {
        throw new IllegalArgumentException("name: expected a text, found none");
      }
      if (objective.textOutputs() < 0) {
        throw new IllegalArgumentException(
            "textOutputs: expected at least 0, found " + objective.textOutputs());
      }
    }
  }
}
