package io.adapt4j.core.task;

import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.preference.Reference;
import io.adapt4j.core.reinforce.Reinforcement;
import io.adapt4j.core.train.spi.TrainingObjective;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A training task. It decides which output layer the model needs: one that the checkpoint does not
 * have is newly initialized as in Transformers and saved with the result.
 */
public interface Task {

  /** Default masking probability, as in BERT. */
  double MASKING = 0.15;

  /**
   * Next-token prediction with decoders: texts, answers to prompts, conversations. The default.
   *
   * @return the task
   */
  static CausalLmTask nextTokens() {
    return new CausalLmTask(false, 0, 0);
  }

  /**
   * Distillation with decoders: the model learns to predict what a teacher predicts at each token
   * of the answers, as {@link #nextTokens} encodes them. The loss is a divergence of both
   * distributions, also in validation. A teacher with another tokenizer needs {@link
   * DistillationTask#alignTokenizers()}.
   *
   * @param teacher folder of the teacher model
   * @return the task, with beta 0.5, temperature 1 and the rows' own completions
   */
  static DistillationTask distillation(Path teacher) {
    return new DistillationTask(
        Optional.of(teacher),
        Optional.empty(),
        Optional.empty(),
        0,
        0.5,
        1,
        0,
        DistillationTask.NEW_TOKENS,
        OptionalDouble.empty(),
        Optional.empty());
  }

  /**
   * Distillation from a teacher on a server. It is asked once for all rows; later runs on the same
   * rows read the file.
   *
   * @param teacher the server, whose model has the student's tokenizer
   * @param stored the file of its predictions, written if it does not exist
   * @param top number of likeliest tokens to store and compare; at least 1, at most what the server
   *     returns, often 20
   * @return the task, with beta 0.5 and temperature 1
   */
  static DistillationTask distillation(TeacherServer teacher, Path stored, int top) {
    return new DistillationTask(
        Optional.empty(),
        Optional.of(teacher),
        Optional.of(stored),
        top,
        0.5,
        1,
        0,
        DistillationTask.NEW_TOKENS,
        OptionalDouble.empty(),
        Optional.empty());
  }

  /**
   * Self-distillation fine-tuning with decoders (SDFT, Shenfeld et al. 2026), which forgets less
   * than learning the answers: the model writes its own answer to each prompt, and learns to
   * predict what it predicted before training when the row's answer followed the prompt as a
   * demonstration. Rows are prompts with completions, or conversations, of which the first answer
   * counts.
   *
   * @return the task, with beta 0, temperature 1 and all completions by the model
   */
  static DistillationTask selfDistillation() {
    return new DistillationTask(
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        0,
        0,
        1,
        1,
        DistillationTask.NEW_TOKENS,
        OptionalDouble.empty(),
        Optional.empty());
  }

  /**
   * Classification of texts, or pairs of texts, with exactly one class per text: softmax
   * cross-entropy. Measures {@code accuracy} and {@code macro_f1}.
   *
   * @return the task, with the labels of the data
   */
  static ClassificationTask classification() {
    return new ClassificationTask(ClassificationProblem.SINGLE_LABEL, List.of(), false);
  }

  /**
   * Classification of texts with any number of classes per text: binary cross-entropy with logits.
   * Measures {@code micro_f1}, {@code macro_f1} and {@code exact_match}.
   *
   * @return the task, with the labels of the data
   */
  static ClassificationTask multiLabel() {
    return new ClassificationTask(ClassificationProblem.MULTI_LABEL, List.of(), false);
  }

  /**
   * Regression on texts or pairs of texts: squared error. The label of each row is the number.
   * Measures {@code mse}, {@code pearson} and {@code spearman}.
   *
   * @return the task
   */
  static ClassificationTask regression() {
    return new ClassificationTask(ClassificationProblem.REGRESSION, List.of(), false);
  }

  /**
   * Classification of each word of a text: softmax cross-entropy at the first token of each.
   * Measures {@code accuracy} and {@code macro_f1} over words, and {@code entity_precision}, {@code
   * entity_recall} and {@code entity_f1} if labels are of the kind B-PER, I-PER, O.
   *
   * @return the task, with the labels of the data
   */
  static ClassificationTask tokenClassification() {
    return new ClassificationTask(ClassificationProblem.TOKEN, List.of(), false);
  }

  /**
   * Masked language modeling with encoders (Devlin et al. 2019): masks 15 % of the tokens,
   * different ones in every epoch.
   *
   * @return the task
   */
  static Task maskedTokens() {
    return maskedTokens(MASKING);
  }

  /**
   * Masked language modeling with encoders.
   *
   * @param probability probability of masking a token, above 0 and below 1
   * @return the task
   * @throws IllegalArgumentException if the probability is out of range
   */
  static Task maskedTokens(double probability) {
    return new MaskedLmTask(probability);
  }

  /**
   * Sequence-to-sequence learning with encoder-decoders: summarization, translation. Rows are
   * prompts with completions; the prompt is the input and the completion the target.
   *
   * @return the task, without label smoothing
   */
  static SequenceToSequenceTask sequenceToSequence() {
    return new SequenceToSequenceTask(0);
  }

  /**
   * Embedding of queries near the passages that answer them, with encoders: each query must find
   * its passage among all passages of its batch (multiple negatives ranking, Henderson et al.
   * 2017). Measures {@code mrr} and {@code accuracy} over all passages of the validation data.
   *
   * @return the task, with scale 20 and no prompts
   */
  static EmbeddingTask embeddings() {
    return new EmbeddingTask(EmbeddingTask.SCALE, "", "");
  }

  /**
   * Reranking with decoders, which answer yes or no to a document for a query in the prompt of
   * Qwen3-Reranker: cross-entropy of yes against no after the prompt. Rows are pairs of query and
   * document with a label: yes or no, 1 or 0, or a number in between for the document's relevance.
   * Queries with passages are supported too: yes to the passage, no to each negative. Measures
   * {@code accuracy} and {@code mrr}, the mean reciprocal rank of the first relevant document among
   * those of its query. {@code TextReranker} loads the result; other rerankers are trained as
   * {@link #multiLabel} or {@link #classification} of pairs.
   *
   * @return the task, with the instruction of Qwen3-Reranker
   */
  static RerankingTask reranking() {
    return new RerankingTask(RerankingTask.INSTRUCTION);
  }

  /**
   * Preference optimization with decoders: from pairs of a chosen and a rejected answer, or with
   * {@link PreferenceLoss#kto} from answers labeled good or bad. Measures {@code accuracy} and
   * {@code margin} of the rewards and their components, also in every step.
   *
   * @param loss loss to minimize
   * @return the task, with the base as reference if the loss uses one
   */
  static PreferenceTask preference(PreferenceLoss loss) {
    return new PreferenceTask(loss, Reference.base());
  }

  /**
   * Reward modeling on pairs of a chosen and a rejected answer: a network with one label whose
   * output is higher for the chosen one, under the Bradley-Terry model. Measures {@code accuracy},
   * {@code margin} and {@code calibration_error}; {@code RewardModel} loads the result.
   *
   * @return the task, without margins and centering
   */
  static RewardTask reward() {
    return new RewardTask("", 0);
  }

  /**
   * Reinforcement learning of a decoder from the rewards of completions that it samples. The rows
   * provide prompts: texts, prompts with completions or pairs, of which only the prompt is used,
   * and conversations, without the last message if that is the assistant's. Batch size and gradient
   * accumulation count completions of a step; a rollout must divide into steps. The validation loss
   * is the negative mean reward of one completion of each held-out prompt, which {@code
   * metricForBestModel("reward")} selects too.
   *
   * @param algorithm {@link io.adapt4j.core.reinforce.Grpo} or {@link
   *     io.adapt4j.core.reinforce.Ppo}, with its reward functions
   * @return the task
   */
  static Task reinforcement(Reinforcement algorithm) {
    return new ReinforcementLearningTask(algorithm);
  }

  /**
   * A task with a custom loss. A resumed run must be given an objective with the same name and
   * options. A run description, as in YAML, cannot hold it.
   *
   * @param objective objective to minimize
   * @return the task
   * @throws IllegalArgumentException if the objective's name is blank
   */
  static Task custom(TrainingObjective objective) {
    return new Custom(objective);
  }

  /**
   * A task defined by custom code.
   *
   * @param objective objective to minimize
   */
  record Custom(TrainingObjective objective) implements Task {

    /**
     * Checks name and outputs. Throws {@link IllegalArgumentException} if its name is blank or its
     * number of outputs negative.
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
