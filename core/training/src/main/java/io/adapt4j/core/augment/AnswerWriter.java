package io.adapt4j.core.augment;

import io.adapt4j.core.augment.RequestRunner.Outcome;
import io.adapt4j.core.augment.RequestRunner.Question;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Row;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.UnpairedSurrogates;
import io.adapt4j.core.internal.data.RowPrompt;
import io.adapt4j.core.reinforce.RewardFunction;
import io.adapt4j.core.text.AnswerCache;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;

/**
 * Generates answers to the prompts of rows, and keeps those that score best: rejection sampling
 * (Yuan et al. 2023). Training on the kept answers with {@code nextTokens} teaches a model what it
 * can already do at times; without a reward, on its own answers, it forgets less than on foreign
 * ones (self-distillation by samples, with the default options).
 *
 * <pre>{@code
 * Augmented answers =
 *     AnswerWriter.by(model.asGenerator(16))
 *         .samples(8)
 *         .keepBest(2)
 *         .reward(Rewards.numericAnswer("answer"), 1)
 *         .write(questions);
 * }</pre>
 *
 * <p>Rows keep their kind: prompts with completions, or conversations whose last answer is
 * replaced. Empty and cut answers are rejected, as are equal ones to a prompt. Not thread-safe.
 */
public final class AnswerWriter {

  /** Default number of answers to a prompt. */
  public static final int DEFAULT_SAMPLES = 4;

  /** Number of rows whose answers are requested together. */
  private static final int WINDOW = 16;

  private final TextGenerator generator;
  private int samples = DEFAULT_SAMPLES;
  private int kept = Integer.MAX_VALUE;
  private Optional<RewardFunction> reward = Optional.empty();
  private OptionalDouble least = OptionalDouble.empty();
  private GenerationOptions options =
      GenerationOptions.builder().temperature(0.6).topK(20).topP(0.95).maxNewTokens(512).build();
  private Optional<AnswerCache> cache = Optional.empty();
  private Optional<String> idField = Optional.empty();
  private List<String> keptFields = List.of();
  private Consumer<AugmentationReport> progress = report -> {};

  private AnswerWriter(TextGenerator generator) {
    this.generator = Objects.requireNonNull(generator, "generator");
  }

  /**
   * Starts from a generator.
   *
   * @param generator the generator of answers, such as the model to train
   * @return a writer with the defaults
   */
  public static AnswerWriter by(TextGenerator generator) {
    return new AnswerWriter(generator);
  }

  /**
   * Sets the number of answers to each prompt. Default: 4.
   *
   * @param count at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public AnswerWriter samples(int count) {
    this.samples = Checks.atLeastOne("samples", count);
    return this;
  }

  /**
   * Sets the maximum number of answers to keep for each prompt. Default: all.
   *
   * @param most at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public AnswerWriter keepBest(int most) {
    this.kept = Checks.atLeastOne("keepBest", most);
    return this;
  }

  /**
   * Sets what answers are scored by. Default: nothing, so that earlier samples are kept first.
   *
   * @param function the reward, whose prompt of a conversation is its last message; NaN rejects an
   *     answer
   * @param threshold smallest score of an answer to keep
   * @throws IllegalArgumentException if the threshold is NaN
   */
  public AnswerWriter reward(RewardFunction function, double threshold) {
    if (Double.isNaN(threshold)) {
      throw new IllegalArgumentException("threshold must be a number, found NaN");
    }
    this.reward = Optional.of(function);
    this.least = OptionalDouble.of(threshold);
    return this;
  }

  /**
   * Sets the generation options. Default: temperature 0.6, top-k 20, top-p 0.95, at most 512 new
   * tokens, seed 0; the seed is incremented with every sample.
   *
   * @param choice the options
   */
  public AnswerWriter options(GenerationOptions choice) {
    this.options = Objects.requireNonNull(choice, "choice");
    return this;
  }

  /**
   * Caches the generator's answers, so that an interrupted run does not repeat requests. Default:
   * no cache.
   *
   * @param folder the cache
   */
  public AnswerWriter cache(AnswerCache folder) {
    this.cache = Optional.of(folder);
    return this;
  }

  /**
   * Sets the field whose value becomes {@link Augmented#SOURCE}. Default: the row's index.
   *
   * @param field a field of the rows' sources with unique values
   */
  public AnswerWriter idField(String field) {
    this.idField = Optional.of(field);
    return this;
  }

  /**
   * Sets the source fields that are copied to the answers. Default: none.
   *
   * @param fields field names
   * @throws IllegalArgumentException if one is {@code source} or {@code paraphrase}
   */
  public AnswerWriter keepFields(String... fields) {
    this.keptFields = Checks.fields(fields);
    return this;
  }

  /**
   * Reports progress after every few rows. Default: no listener.
   *
   * @param listener receives the report so far, on the writing thread
   */
  public AnswerWriter onProgress(Consumer<AugmentationReport> listener) {
    this.progress = Objects.requireNonNull(listener, "listener");
    return this;
  }

  private record Scored(String text, double score) {}

  /**
   * Generates the answers.
   *
   * @param dataset prompts, with or without completions
   * @return rows of prompts and answers, best first; their {@link Augmented#PARAPHRASE} starts at 1
   * @throws io.adapt4j.core.text.GeneratorException if the generator cannot answer; earlier answers
   *     are in the cache
   * @throws DatasetException if a row has no prompt, or no answer was kept
   */
  public Augmented write(Dataset dataset) {
    Counts counts = new Counts(dataset.name(), dataset.size());
    TextGenerator asked =
        cache.map(folder -> TextGenerator.cached(generator, folder)).orElse(generator);
    RequestRunner requests = new RequestRunner(asked, counts);
    AugmentedRows rows = new AugmentedRows(dataset, idField, keptFields);
    for (int from = 0; from < dataset.size(); from += WINDOW) {
      int to = Math.min(dataset.size(), from + WINDOW);
      List<Question> questions = new ArrayList<>();
      for (int row = from; row < to; row++) {
        List<ChatMessage> messages = messages(prompt(dataset, row));
        for (int sample = 0; sample < samples; sample++) {
          questions.add(new Question(messages, options.seed() + sample));
        }
      }
      List<Outcome> outcomes = requests.ask(questions, options);
      for (int row = from; row < to; row++) {
        int first = (row - from) * samples;
        add(rows, counts, dataset, row, outcomes.subList(first, first + samples));
      }
      progress.accept(counts.report());
    }
    return new Augmented(rows.dataset(), keptFields, counts.report());
  }

  private static String lastText(List<ChatMessage> messages) {
    return String.valueOf(messages.get(messages.size() - 1).fields().getOrDefault("content", ""));
  }

  private static RowPrompt prompt(Dataset dataset, int row) {
    try {
      RowPrompt prompt = RowPrompt.of(dataset.get(row));
      if (messages(prompt).isEmpty()) {
        throw new DatasetException("expected a message before the answer, found none");
      }
      return prompt;
    } catch (DatasetException e) {
      throw new DatasetException(dataset.locate(row) + ": " + e.getMessage(), e);
    }
  }

  private static List<ChatMessage> messages(RowPrompt prompt) {
    return prompt instanceof RowPrompt.Plain plain
        ? List.of(ChatMessage.user(plain.text()))
        : ((RowPrompt.Conversation) prompt).messages();
  }

  private void add(
      AugmentedRows rows, Counts counts, Dataset dataset, int row, List<Outcome> outcomes) {
    RowPrompt prompt = prompt(dataset, row);
    String asked = lastText(messages(prompt));
    List<Scored> good = new ArrayList<>();
    for (Outcome outcome : outcomes) {
      Optional<Rejection> rejection = rejection(outcome, good);
      if (rejection.isPresent()) {
        String said = outcome.answer() == null ? outcome.refusal() : outcome.answer().text();
        counts.reject(row, rejection.get(), asked, said);
        continue;
      }
      String text = Objects.requireNonNull(outcome.answer()).text();
      double score =
          reward.map(function -> function.score(asked, text, fields(dataset, row))).orElse(0.0);
      if (Double.isNaN(score) || (least.isPresent() && score < least.getAsDouble())) {
        counts.reject(row, Rejection.OWN_CHECK, asked, text);
      } else {
        good.add(new Scored(text, score));
      }
    }
    good.sort(Comparator.comparingDouble(Scored::score).reversed());
    int made = Math.min(kept, good.size());
    for (int i = 0; i < made; i++) {
      rows.add(example(prompt, good.get(i).text()), row, i + 1);
    }
    counts.finished(row, Math.min(kept, samples), made);
  }

  private static Optional<Rejection> rejection(Outcome outcome, List<Scored> good) {
    GeneratedText answer = outcome.answer();
    if (answer == null) {
      return Optional.of(Rejection.REFUSED);
    }
    if (answer.finishReason() == FinishReason.CONTENT_FILTER) {
      return Optional.of(Rejection.FILTERED);
    }
    if (answer.finishReason().isCut()) {
      return Optional.of(Rejection.CUT_OFF);
    }
    if (answer.text().isBlank() || UnpairedSurrogates.indexIn(answer.text()) >= 0) {
      return Optional.of(Rejection.EMPTY);
    }
    return good.stream().anyMatch(earlier -> earlier.text().equals(answer.text()))
        ? Optional.of(Rejection.DUPLICATE)
        : Optional.empty();
  }

  private static Example example(RowPrompt prompt, String answer) {
    if (prompt instanceof RowPrompt.Plain plain) {
      return new Example.PromptCompletion(plain.text(), answer);
    }
    RowPrompt.Conversation conversation = (RowPrompt.Conversation) prompt;
    List<ChatMessage> messages = new ArrayList<>(conversation.messages());
    messages.add(ChatMessage.assistant(answer));
    return new Example.Chat(messages, conversation.tools());
  }

  /** Returns the row's fields, as for rewards in reinforcement learning. */
  private static Map<String, Object> fields(Dataset dataset, int row) {
    Map<String, Object> fields = new LinkedHashMap<>();
    Optional<Row> source = dataset.source(row);
    source.ifPresent(found -> found.fields().forEach(name -> fields.put(name, found.value(name))));
    if (dataset.get(row) instanceof Example.PromptCompletion pair) {
      fields.putIfAbsent("completion", pair.completion());
    }
    return fields;
  }
}
