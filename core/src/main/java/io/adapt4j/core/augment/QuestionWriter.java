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
 * Makes questions and answers of passages, by a generator: rows that teach a model to answer from
 * what a passage says, which training on the passage alone does badly.
 *
 * <pre>{@code
 * Augmented augmented = QuestionWriter.by(generator).questions(5).write(passages);
 * }</pre>
 *
 * <p>An answer or question with a number or a name that the passage has not is rejected, as is a
 * question that was asked already; what is missing is asked for again. The result has {@link
 * Example.PromptCompletion} rows: the question by a template, {@link PromptTemplate#QUESTION}
 * unless another is set, and the answer. Not thread-safe.
 */
public final class QuestionWriter {

  /** Default of the questions on a passage. */
  public static final int DEFAULT_QUESTIONS = 5;

  /** Default of how often questions that are missing are asked for. */
  public static final int DEFAULT_ATTEMPTS = 3;

  /** The prompt that questions are asked for with, unless another is set. */
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

  /** What is asked for, attempt by attempt. */
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
   * @param generator writes questions and answers
   * @return a writer with the defaults
   */
  public static QuestionWriter by(TextGenerator generator) {
    return new QuestionWriter(generator);
  }

  /**
   * Sets how many questions a passage gets. Default: 5.
   *
   * @param count at least 1
   * @return this
   * @throws IllegalArgumentException if it is below 1
   */
  public QuestionWriter questions(int count) {
    this.questions = Checks.atLeastOne("questions", count);
    return this;
  }

  /**
   * Sets how often questions that are missing are asked for, the first time included. Default: 3.
   *
   * @param most at least 1
   * @return this
   * @throws IllegalArgumentException if it is below 1
   */
  public QuestionWriter attempts(int most) {
    this.attempts = Checks.atLeastOne("attempts", most);
    return this;
  }

  /**
   * Sets the prompt. Default: {@link #DEFAULT_PROMPT}. Answers are read as lines that begin with
   * {@code Q:} and {@code A:}.
   *
   * @param text a text with {@code {count}} and {@code {text}}, perhaps {@code {style}}
   * @return this
   * @throws IllegalArgumentException if a place is missing
   */
  public QuestionWriter prompt(String text) {
    this.prompt = Checks.template("prompt", text, "{count}", "{text}");
    return this;
  }

  /**
   * Sets how a question becomes the prompt of a row. Default: {@link PromptTemplate#QUESTION}.
   *
   * @param choice a template with the fields {@code question} and perhaps {@code passage}, the text
   *     it was made of
   * @return this
   */
  public QuestionWriter template(PromptTemplate choice) {
    this.template = Objects.requireNonNull(choice, "choice");
    return this;
  }

  /**
   * Sets how the generator chooses tokens. Default: temperature 0.7, top-p 0.95, at most 1024 new
   * tokens, seed 0; the seed is one higher with every attempt.
   *
   * @param choice the options
   * @return this
   */
  public QuestionWriter options(GenerationOptions choice) {
    this.options = Objects.requireNonNull(choice, "choice");
    return this;
  }

  /**
   * Sets what of a row is its passage. Default: the text of an {@link Example.Text}; other rows are
   * refused.
   *
   * @param choice gives the passage
   * @return this
   */
  public QuestionWriter passage(Function<? super Example, String> choice) {
    this.passage = Objects.requireNonNull(choice, "choice");
    return this;
  }

  /**
   * Asks a generator of every answer whether it is right. Default: not asked.
   *
   * @param asked answers yes or no
   * @param choice how it chooses tokens; a model that thinks first needs room for it
   * @return this
   */
  public QuestionWriter backCheck(TextGenerator asked, GenerationOptions choice) {
    this.judge = Optional.of(asked);
    this.judging = Objects.requireNonNull(choice, "choice");
    return this;
  }

  /**
   * Asks the same generator of every answer whether it is right.
   *
   * @return this
   */
  public QuestionWriter backCheck() {
    return backCheck(generator, MeaningCheck.YES_OR_NO);
  }

  /**
   * Keeps the generators' answers, so that a run that broke off does not ask for them again.
   * Default: not kept.
   *
   * @param kept where to
   * @return this
   */
  public QuestionWriter cache(AnswerCache kept) {
    this.cache = Optional.of(kept);
    return this;
  }

  /**
   * Names a field whose value becomes {@link Augmented#SOURCE}. Default: the row's number.
   *
   * @param field a field of the rows' sources, different for every row
   * @return this
   */
  public QuestionWriter idField(String field) {
    this.idField = Optional.of(field);
    return this;
  }

  /**
   * Names fields of the rows' sources that questions on them keep. Default: none.
   *
   * @param fields names of fields
   * @return this
   * @throws IllegalArgumentException if one is {@code source} or {@code paraphrase}
   */
  public QuestionWriter keepFields(String... fields) {
    this.keptFields = Checks.fields(fields);
    return this;
  }

  /**
   * Hands on the report so far after every few rows. Default: to nobody.
   *
   * @param listener takes it, on the thread that writes
   * @return this
   */
  public QuestionWriter onProgress(Consumer<AugmentationReport> listener) {
    this.progress = Objects.requireNonNull(listener, "listener");
    return this;
  }

  /**
   * Makes the questions and answers.
   *
   * @param dataset the passages
   * @return rows of questions with their answers, without the passages; their {@link
   *     Augmented#PARAPHRASE} counts from 1
   * @throws io.adapt4j.core.text.GeneratorException if the generator cannot answer; what it
   *     answered before is in the cache
   * @throws DatasetException if a row has no passage, or no question was made
   */
  public Augmented write(Dataset dataset) {
    return new QuestionRun(this, dataset).run();
  }

  /** A generator whose answers are kept, if they are to be. */
  TextGenerator kept(TextGenerator textGenerator) {
    return cache.map(folder -> TextGenerator.cached(textGenerator, folder)).orElse(textGenerator);
  }

  /** The text of a row that is one; null of another. */
  private static @Nullable String text(Example example) {
    return example instanceof Example.Text text ? text.text() : null;
  }
}
