package io.adapt4j.core.augment;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.PromptTemplate;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.AnswerCache;
import io.adapt4j.core.text.TextGenerator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Generates questions and answers about passages: rows that teach a model to answer questions from
 * the content of a passage, which training on the passage alone does poorly.
 *
 * <pre>{@code
 * Augmented augmented = QuestionWriter.by(generator).questions(5).write(passages);
 * }</pre>
 *
 * <p>A question or answer with a number or name that is not in the passage is rejected, as is a
 * duplicate question; missing ones are requested again. The result has {@link
 * Example.PromptCompletion} rows: the question, rendered by a template ({@link
 * PromptTemplate#QUESTION} by default), and the answer. Not thread-safe.
 */
public final class QuestionWriter {

  /** Default number of questions about a passage. */
  public static final int DEFAULT_QUESTIONS = 5;

  /** Default number of attempts to get missing questions. */
  public static final int DEFAULT_ATTEMPTS = 3;

  /** Default prompt of questions. */
  public static final String DEFAULT_PROMPT =
      """
      Write {count} different questions that the text between the lines of dashes answers, each \
      with its answer. {style}
      A question must be clear to somebody who has not seen the text, so name what it is about. An \
      answer must follow from the text alone. Write in the language of the text, in this form and \
      nothing else:
      Q: the question
      A: the answer
      -----
      {text}
      -----""";

  /** Styles of successive attempts. */
  static final List<String> STYLES =
      List.of(
          "Ask about what matters most in it.",
          "Ask about its details.",
          "Ask how and why, and what follows from it.");

  final TextGenerator generator;
  int questions = DEFAULT_QUESTIONS;
  int attempts = DEFAULT_ATTEMPTS;
  double nearness = Paraphraser.DEFAULT_NEARNESS;
  PromptTemplate prompt = PromptTemplate.of(DEFAULT_PROMPT);
  PromptTemplate template = PromptTemplate.QUESTION;
  GenerationOptions options =
      GenerationOptions.builder().temperature(0.7).topP(0.95).maxNewTokens(1024).build();
  Function<? super Example, String> passage = QuestionWriter::text;
  Optional<TextGenerator> judge = Optional.empty();
  GenerationOptions judging = MeaningCheck.YES_OR_NO;
  Optional<AnswerCache> cache = Optional.empty();
  Optional<String> idField = Optional.empty();
  List<String> keptFields = List.of();
  Consumer<AugmentationReport> progress = report -> {};

  private QuestionWriter(TextGenerator generator) {
    this.generator = Objects.requireNonNull(generator, "generator");
  }

  /**
   * Starts from a generator.
   *
   * @param generator the generator of questions and answers
   * @return a writer with the defaults
   */
  public static QuestionWriter by(TextGenerator generator) {
    return new QuestionWriter(generator);
  }

  /**
   * Sets the number of questions per passage. Default: 5.
   *
   * @param count at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public QuestionWriter questions(int count) {
    this.questions = Checks.atLeastOne("questions", count);
    return this;
  }

  /**
   * Sets the number of attempts to get missing questions, including the first. Default: 3.
   *
   * @param most at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public QuestionWriter attempts(int most) {
    this.attempts = Checks.atLeastOne("attempts", most);
    return this;
  }

  /**
   * Sets the prompt. Default: {@link #DEFAULT_PROMPT}. Output is parsed as lines that begin with
   * {@code Q:} and {@code A:}.
   *
   * @param text a text with {@code {count}} and {@code {text}}, and optionally {@code {style}}
   * @throws IllegalArgumentException if a placeholder is missing
   */
  public QuestionWriter prompt(String text) {
    this.prompt = Checks.template("prompt", text, "{count}", "{text}");
    return this;
  }

  /**
   * Sets the template of prompts. Default: {@link PromptTemplate#QUESTION}.
   *
   * @param choice a template with the field {@code question} and optionally {@code passage}
   */
  public QuestionWriter template(PromptTemplate choice) {
    this.template = Objects.requireNonNull(choice, "choice");
    return this;
  }

  /**
   * Sets the generation options. Default: temperature 0.7, top-p 0.95, at most 1024 new tokens,
   * seed 0; the seed is incremented with every attempt.
   *
   * @param choice the options
   */
  public QuestionWriter options(GenerationOptions choice) {
    this.options = Objects.requireNonNull(choice, "choice");
    return this;
  }

  /**
   * Sets the passage of rows. Default: the text of an {@link Example.Text}; other rows are
   * rejected.
   *
   * @param choice returns the passage of a row
   */
  public QuestionWriter passage(Function<? super Example, String> choice) {
    this.passage = Objects.requireNonNull(choice, "choice");
    return this;
  }

  /**
   * Asks a generator for every answer whether it is right. Default: off.
   *
   * @param asked the generator that answers yes or no
   * @param choice its generation options; a reasoning model needs more tokens
   */
  public QuestionWriter backCheck(TextGenerator asked, GenerationOptions choice) {
    this.judge = Optional.of(asked);
    this.judging = Objects.requireNonNull(choice, "choice");
    return this;
  }

  /** Asks the same generator for every answer whether it is right. */
  public QuestionWriter backCheck() {
    return backCheck(generator, MeaningCheck.YES_OR_NO);
  }

  /**
   * Caches the generators' answers, so that an interrupted run does not repeat requests. Default:
   * no cache.
   *
   * @param kept the cache
   */
  public QuestionWriter cache(AnswerCache kept) {
    this.cache = Optional.of(kept);
    return this;
  }

  /**
   * Sets the field whose value becomes {@link Augmented#SOURCE}. Default: the row's index.
   *
   * @param field a field of the rows' sources with unique values
   */
  public QuestionWriter idField(String field) {
    this.idField = Optional.of(field);
    return this;
  }

  /**
   * Sets the source fields that are copied to questions. Default: none.
   *
   * @param fields field names
   * @throws IllegalArgumentException if one is {@code source} or {@code paraphrase}
   */
  public QuestionWriter keepFields(String... fields) {
    this.keptFields = Checks.fields(fields);
    return this;
  }

  /**
   * Reports progress after every few rows. Default: no listener.
   *
   * @param listener receives the report so far, on the writing thread
   */
  public QuestionWriter onProgress(Consumer<AugmentationReport> listener) {
    this.progress = Objects.requireNonNull(listener, "listener");
    return this;
  }

  /**
   * Generates the questions and answers.
   *
   * @param dataset the passages
   * @return rows of questions and answers, without the passages; their {@link Augmented#PARAPHRASE}
   *     starts at 1
   * @throws io.adapt4j.core.text.GeneratorException if the generator cannot answer; earlier answers
   *     are in the cache
   * @throws DatasetException if a row has no passage, or no question was generated
   */
  public Augmented write(Dataset dataset) {
    return new QuestionRun(this, dataset).run();
  }

  /** Returns a generator whose answers are cached, if there is a cache. */
  TextGenerator kept(TextGenerator textGenerator) {
    return cache.map(folder -> TextGenerator.cached(textGenerator, folder)).orElse(textGenerator);
  }

  /** Returns the text of an {@link Example.Text}; null for other rows. */
  private static @Nullable String text(Example example) {
    return example instanceof Example.Text text ? text.text() : null;
  }
}
