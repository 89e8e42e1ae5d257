package io.adapt4j.core.augment;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.PromptTemplate;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.AnswerCache;
import io.adapt4j.core.text.TextGenerator;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/**
 * Augments rows with paraphrases of their texts, written by a generator. A model that is tuned on
 * ten paraphrases of a fact learns it better than from one (Ovadia et al. 2024, "Fine-Tuning or
 * Retrieval?", figure 4: accuracy rises with every paraphrase from one to ten).
 *
 * <pre>{@code
 * Augmented augmented =
 *     Paraphraser.by(generator).paraphrases(10).cache(AnswerCache.at(folder)).augment(facts);
 * System.out.print(augmented.report().text());
 * augmented.write(Path.of("paraphrases.jsonl"));
 * }</pre>
 *
 * <p>Every paraphrase is requested in its own style, compared with the original and the others, and
 * checked for the details it must keep ({@link Detail}). Rejected ones are requested again, in
 * another style and with another seed, until there are enough or the attempts are used up.
 *
 * <p>The paraphrased texts are the text of an {@link Example.Text} or {@link Example.Classified};
 * the prompt, the completion or both of an {@link Example.PromptCompletion}; the user messages of a
 * conversation; the prompt of a preference. If a row has several such texts, paraphrase {@code i}
 * has the {@code i}-th of each, or the original of a text with fewer paraphrases, such as "Yes.".
 *
 * <p>The result is determined by rows, options and answers, so it is reproducible with a cache or a
 * generator that is deterministic for a seed. Not thread-safe.
 */
public final class Paraphraser {

  /** Default number of paraphrases of a text. */
  public static final int DEFAULT_PARAPHRASES = 10;

  /** Default number of attempts to get missing paraphrases. */
  public static final int DEFAULT_ATTEMPTS = 3;

  /** Default similarity threshold of near duplicates. */
  public static final double DEFAULT_NEARNESS = 0.9;

  /** Default styles of paraphrases. */
  public static final List<String> DEFAULT_STYLES =
      List.of(
          "Use a formal style.",
          "Use a casual style, as among friends.",
          "Make it as short as you can.",
          "Write it out in full, with more words.",
          "Begin with another part of it than the text does.",
          "Turn active sentences into passive ones and passive into active ones.",
          "Use simple words that a child understands.",
          "Use other words for as many words as you can.",
          "If it is a question, ask in another way; if not, write it as a question and its answer.",
          "Write it as an encyclopedia would.",
          "Write it as somebody would say it aloud.",
          "Join its sentences into one, or split it into several.");

  /** Default prompt of paraphrases. */
  public static final String DEFAULT_PROMPT =
      """
      Rewrite the text between the lines of dashes. {style}
      Keep its meaning, and keep every number, date, name and quotation as it is. Add nothing and \
      leave nothing out. Write in the language of the text. Answer with the rewritten text alone.
      -----
      {text}
      -----""";

  final TextGenerator generator;
  int paraphrases = DEFAULT_PARAPHRASES;
  int attempts = DEFAULT_ATTEMPTS;
  double nearness = DEFAULT_NEARNESS;
  List<String> styles = DEFAULT_STYLES;
  PromptTemplate prompt = PromptTemplate.of(DEFAULT_PROMPT);
  GenerationOptions options =
      GenerationOptions.builder().temperature(0.8).topP(0.95).maxNewTokens(512).build();
  Set<Part> parts = EnumSet.of(Part.TEXT, Part.PROMPT);
  Set<Detail> details = EnumSet.allOf(Detail.class);
  Optional<BiPredicate<String, String>> ownCheck = Optional.empty();
  Optional<TextGenerator> judge = Optional.empty();
  GenerationOptions judging = MeaningCheck.YES_OR_NO;
  Optional<Function<List<String>, List<float[]>>> embedder = Optional.empty();
  double similarity;
  Optional<AnswerCache> cache = Optional.empty();
  boolean originals = true;
  Optional<String> idField = Optional.empty();
  List<String> keptFields = List.of();
  Consumer<AugmentationReport> progress = report -> {};

  private Paraphraser(TextGenerator generator) {
    this.generator = Objects.requireNonNull(generator, "generator");
  }

  /**
   * Starts from a generator.
   *
   * @param generator the generator of paraphrases
   * @return a paraphraser with the defaults
   */
  public static Paraphraser by(TextGenerator generator) {
    return new Paraphraser(generator);
  }

  /**
   * Sets the number of paraphrases per row, besides the original. Default: 10.
   *
   * @param count at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public Paraphraser paraphrases(int count) {
    this.paraphrases = Checks.atLeastOne("paraphrases", count);
    return this;
  }

  /**
   * Sets the number of attempts to get missing paraphrases, including the first. Default: 3.
   *
   * @param most at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public Paraphraser attempts(int most) {
    this.attempts = Checks.atLeastOne("attempts", most);
    return this;
  }

  /**
   * Sets the similarity ({@link io.adapt4j.core.internal.TextSimilarity}) from which a paraphrase
   * is a near duplicate of the original or another. Default: 0.9. Paraphrases that differ only in
   * case, spaces and punctuation are always duplicates.
   *
   * @param from above 0 and up to 1
   * @throws IllegalArgumentException if it is outside that range
   */
  public Paraphraser nearDuplicates(double from) {
    this.nearness = Checks.share("nearDuplicates", from);
    return this;
  }

  /**
   * Sets the styles, which are cycled through. Default: {@link #DEFAULT_STYLES}.
   *
   * @param instructions the instructions, one sentence each
   * @throws IllegalArgumentException if there is none, or one is blank
   */
  public Paraphraser styles(String... instructions) {
    this.styles = Checks.texts("styles", instructions);
    return this;
  }

  /**
   * Sets the prompt. Default: {@link #DEFAULT_PROMPT}.
   *
   * @param template a text with {@code {text}} and {@code {style}}
   * @throws IllegalArgumentException if one of them is missing
   */
  public Paraphraser prompt(String template) {
    this.prompt = Checks.template("prompt", template, "{text}", "{style}");
    return this;
  }

  /**
   * Sets the generation options. Default: temperature 0.8, top-p 0.95, at most 512 new tokens, seed
   * 0. The seed is incremented each time a style is used again.
   *
   * @param choice the options
   */
  public Paraphraser options(GenerationOptions choice) {
    this.options = Objects.requireNonNull(choice, "choice");
    return this;
  }

  /**
   * Sets the parts of rows to paraphrase. Default: {@link Part#TEXT} and {@link Part#PROMPT}.
   *
   * @param chosen at least one
   * @throws IllegalArgumentException if there is none
   */
  public Paraphraser parts(Part... chosen) {
    this.parts = Checks.parts(chosen);
    return this;
  }

  /**
   * Sets the details that paraphrases must keep. Default: all of {@link Detail}.
   *
   * @param kept the details to check; none to disable these checks
   */
  public Paraphraser keep(Detail... kept) {
    this.details = EnumSet.noneOf(Detail.class);
    this.details.addAll(List.of(kept));
    return this;
  }

  /**
   * Sets a user-defined check.
   *
   * @param check returns whether to accept a paraphrase, given the original and the paraphrase
   */
  public Paraphraser check(BiPredicate<String, String> check) {
    this.ownCheck = Optional.of(check);
    return this;
  }

  /**
   * Asks the generator for every paraphrase whether it has the same meaning as the original.
   * Default: off. It doubles the number of requests.
   */
  public Paraphraser backCheck() {
    return backCheck(generator, MeaningCheck.YES_OR_NO);
  }

  /**
   * Asks another generator for every paraphrase whether it has the same meaning as the original.
   *
   * @param asked the generator that answers yes or no
   * @param choice its generation options; a reasoning model needs more tokens
   */
  public Paraphraser backCheck(TextGenerator asked, GenerationOptions choice) {
    this.judge = Optional.of(asked);
    this.judging = Objects.requireNonNull(choice, "choice");
    return this;
  }

  /**
   * Compares the embeddings of every paraphrase and its original. Default: off.
   *
   * @param embedding the embedding function, such as {@code embedder::embedAll} of a {@code
   *     TextEmbedder}
   * @param least minimum cosine similarity, above 0 and up to 1
   * @throws IllegalArgumentException if it is outside that range
   */
  public Paraphraser similarity(Function<List<String>, List<float[]>> embedding, double least) {
    this.embedder = Optional.of(embedding);
    this.similarity = Checks.share("similarity", least);
    return this;
  }

  /**
   * Caches the generators' answers, so that an interrupted run does not repeat requests. Default:
   * no cache.
   *
   * @param kept the cache
   */
  public Paraphraser cache(AnswerCache kept) {
    this.cache = Optional.of(kept);
    return this;
  }

  /** Excludes the original rows from the result. Default: each precedes its paraphrases. */
  public Paraphraser withoutOriginals() {
    this.originals = false;
    return this;
  }

  /**
   * Sets the field whose value becomes {@link Augmented#SOURCE}. Default: the row's index. Set one
   * if several augmented files are combined.
   *
   * @param field a field of the rows' sources with unique values
   */
  public Paraphraser idField(String field) {
    this.idField = Optional.of(field);
    return this;
  }

  /**
   * Sets the source fields that are copied to paraphrases. Default: none.
   *
   * @param fields field names, such as the key of a conversation
   * @throws IllegalArgumentException if one is {@code source} or {@code paraphrase}
   */
  public Paraphraser keepFields(String... fields) {
    this.keptFields = Checks.fields(fields);
    return this;
  }

  /**
   * Reports progress after every few rows. Default: no listener.
   *
   * @param listener receives the report so far, on the augmenting thread
   */
  public Paraphraser onProgress(Consumer<AugmentationReport> listener) {
    this.progress = Objects.requireNonNull(listener, "listener");
    return this;
  }

  /**
   * Estimates the cost of {@link #augment}, assuming four characters per token.
   *
   * @param dataset the rows
   * @return the estimate
   */
  public AugmentationPlan plan(Dataset dataset) {
    return plan(dataset, text -> (text.length() + 3) / 4);
  }

  /**
   * Estimates what {@link #augment} will cost.
   *
   * @param tokens returns the number of tokens in a text
   * @return the estimate
   */
  public AugmentationPlan plan(Dataset dataset, ToIntFunction<String> tokens) {
    return ParaphraseRun.plan(this, dataset, tokens);
  }

  /**
   * Generates the paraphrases.
   *
   * @return the rows with their paraphrases, and the report
   * @throws io.adapt4j.core.text.GeneratorException if the generator cannot answer; earlier answers
   *     are in the cache
   * @throws io.adapt4j.core.data.DatasetException if no row was generated, or a field is missing
   */
  public Augmented augment(Dataset dataset) {
    return new ParaphraseRun(this, dataset).run();
  }

  /** Returns a generator whose answers are cached, if there is a cache. */
  TextGenerator kept(TextGenerator textGenerator) {
    return cache.map(folder -> TextGenerator.cached(textGenerator, folder)).orElse(textGenerator);
  }
}
