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
 * Gives the texts of rows other paraphrases, by a generator. A model that is tuned on a fact in ten
 * paraphrases learns more of it than from one (Ovadia et al. 2024, "Fine-Tuning or Retrieval?",
 * figure 4: accuracy rises with every paraphrase from one to ten).
 *
 * <pre>{@code
 * Augmented augmented =
 *     Paraphraser.by(generator).paraphrases(10).cache(AnswerCache.at(folder)).augment(facts);
 * System.out.print(augmented.report().text());
 * augmented.write(Path.of("paraphrases.jsonl"));
 * }</pre>
 *
 * <p>Every paraphrase is asked for in its own style, compared with the original and the others, and
 * checked for what it must keep ({@link Detail}). What is rejected is asked for again, in another
 * style and with another seed, until there are enough or the attempts are used up.
 *
 * <p>Reworded are the text of an {@link Example.Text} or {@link Example.Classified}; the prompt,
 * the completion or both of an {@link Example.PromptCompletion}; what the user says in a
 * conversation; the prompt of a preference. Where a row has several such texts, paraphrase {@code
 * i} has the {@code i}-th of each; of a text with fewer, such as a "Yes.", the original.
 *
 * <p>The result is the same for the same rows, options and answers; from a generator that answers
 * the same for the same seed, or a cache, it is the same every time. Not thread-safe.
 */
public final class Paraphraser {

  /** Default of the paraphrases of a text. */
  public static final int DEFAULT_PARAPHRASES = 10;

  /** Default of how often paraphrases that are missing are asked for. */
  public static final int DEFAULT_ATTEMPTS = 3;

  /** Default of the similarity from which on paraphrases are near duplicates. */
  public static final double DEFAULT_NEARNESS = 0.9;

  /** The styles that paraphrases are asked for in, unless others are set. */
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

  /** The prompt that paraphrases are asked for with, unless another is set. */
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
   * @param generator writes the paraphrases
   * @return a paraphraser with the defaults
   */
  public static Paraphraser by(TextGenerator generator) {
    return new Paraphraser(generator);
  }

  /**
   * Sets how many paraphrases a row gets, besides its own. Default: 10.
   *
   * @param count at least 1
   * @return this
   * @throws IllegalArgumentException if it is below 1
   */
  public Paraphraser paraphrases(int count) {
    this.paraphrases = Checks.atLeastOne("paraphrases", count);
    return this;
  }

  /**
   * Sets how often paraphrases that are missing are asked for, the first time included. Default: 3.
   *
   * @param most at least 1
   * @return this
   * @throws IllegalArgumentException if it is below 1
   */
  public Paraphraser attempts(int most) {
    this.attempts = Checks.atLeastOne("attempts", most);
    return this;
  }

  /**
   * Sets from which similarity on ({@link io.adapt4j.core.internal.TextSimilarity}) a paraphrase is
   * too near to the original or another. Default: 0.9. Paraphrases that differ in nothing but case,
   * spaces and punctuation are always duplicates.
   *
   * @param from above 0 and up to 1
   * @return this
   * @throws IllegalArgumentException if it is outside that range
   */
  public Paraphraser nearDuplicates(double from) {
    this.nearness = Checks.share("nearDuplicates", from);
    return this;
  }

  /**
   * Sets the styles, which are used in turn. Default: {@link #DEFAULT_STYLES}.
   *
   * @param instructions what to ask for, a sentence each
   * @return this
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
   * @return this
   * @throws IllegalArgumentException if one of them is missing
   */
  public Paraphraser prompt(String template) {
    this.prompt = Checks.template("prompt", template, "{text}", "{style}");
    return this;
  }

  /**
   * Sets how the generator chooses tokens. Default: temperature 0.8, top-p 0.95, at most 512 new
   * tokens, seed 0. Where a style is used again, the seed is one higher.
   *
   * @param choice the options
   * @return this
   */
  public Paraphraser options(GenerationOptions choice) {
    this.options = Objects.requireNonNull(choice, "choice");
    return this;
  }

  /**
   * Sets which parts of rows get other paraphrases. Default: {@link Part#TEXT} and {@link
   * Part#PROMPT}.
   *
   * @param chosen at least one
   * @return this
   * @throws IllegalArgumentException if there is none
   */
  public Paraphraser parts(Part... chosen) {
    this.parts = Checks.parts(chosen);
    return this;
  }

  /**
   * Sets what paraphrases must keep. Default: everything that {@link Detail} knows.
   *
   * @param kept what to check; nothing if none is named
   * @return this
   */
  public Paraphraser keep(Detail... kept) {
    this.details = EnumSet.noneOf(Detail.class);
    this.details.addAll(List.of(kept));
    return this;
  }

  /**
   * Adds a check of the caller's own.
   *
   * @param check tells, of the original and a paraphrase, whether the paraphrase is good
   * @return this
   */
  public Paraphraser check(BiPredicate<String, String> check) {
    this.ownCheck = Optional.of(check);
    return this;
  }

  /**
   * Asks the generator of every paraphrase whether it says the same as the original. Default: not
   * asked. It doubles the requests.
   *
   * @return this
   */
  public Paraphraser backCheck() {
    return backCheck(generator, MeaningCheck.YES_OR_NO);
  }

  /**
   * Asks another generator of every paraphrase whether it says the same as the original.
   *
   * @param asked answers yes or no
   * @param choice how it chooses tokens; a model that thinks first needs room for it
   * @return this
   */
  public Paraphraser backCheck(TextGenerator asked, GenerationOptions choice) {
    this.judge = Optional.of(asked);
    this.judging = Objects.requireNonNull(choice, "choice");
    return this;
  }

  /**
   * Compares the embeddings of every paraphrase and its original. Default: not compared.
   *
   * @param embedding makes vectors of texts, such as {@code embedder::embedAll} of a {@code
   *     TextEmbedder}
   * @param least the smallest cosine, above 0 and up to 1
   * @return this
   * @throws IllegalArgumentException if it is outside that range
   */
  public Paraphraser similarity(Function<List<String>, List<float[]>> embedding, double least) {
    this.embedder = Optional.of(embedding);
    this.similarity = Checks.share("similarity", least);
    return this;
  }

  /**
   * Keeps the generators' answers, so that a run that broke off does not ask for them again.
   * Default: not kept.
   *
   * @param kept where to
   * @return this
   */
  public Paraphraser cache(AnswerCache kept) {
    this.cache = Optional.of(kept);
    return this;
  }

  /**
   * Leaves the original rows out of the result. Default: they are in it, each before its
   * paraphrases.
   *
   * @return this
   */
  public Paraphraser withoutOriginals() {
    this.originals = false;
    return this;
  }

  /**
   * Names a field whose value becomes {@link Augmented#SOURCE}. Default: the row's number. Name one
   * where several augmented files are put together.
   *
   * @param field a field of the rows' sources, different for every row
   * @return this
   */
  public Paraphraser idField(String field) {
    this.idField = Optional.of(field);
    return this;
  }

  /**
   * Names fields of the rows' sources that their paraphrases keep. Default: none.
   *
   * @param fields names of fields, such as the key of a conversation
   * @return this
   * @throws IllegalArgumentException if one is {@code source} or {@code paraphrase}
   */
  public Paraphraser keepFields(String... fields) {
    this.keptFields = Checks.fields(fields);
    return this;
  }

  /**
   * Hands on the report so far after every few rows. Default: to nobody.
   *
   * @param listener takes it, on the thread that augments
   * @return this
   */
  public Paraphraser onProgress(Consumer<AugmentationReport> listener) {
    this.progress = Objects.requireNonNull(listener, "listener");
    return this;
  }

  /**
   * Estimates what {@link #augment} will cost, counting a token for every four characters.
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
   * @param dataset the rows
   * @param tokens counts the tokens of a text
   * @return the estimate
   */
  public AugmentationPlan plan(Dataset dataset, ToIntFunction<String> tokens) {
    return ParaphraseRun.plan(this, dataset, tokens);
  }

  /**
   * Makes the paraphrases.
   *
   * @param dataset the rows
   * @return the rows and their paraphrases, and what was rejected
   * @throws io.adapt4j.core.text.GeneratorException if the generator cannot answer; what it
   *     answered before is in the cache
   * @throws io.adapt4j.core.data.DatasetException if no row was made, or a field is missing
   */
  public Augmented augment(Dataset dataset) {
    return new ParaphraseRun(this, dataset).run();
  }

  /** A generator whose answers are kept, if they are to be. */
  TextGenerator kept(TextGenerator textGenerator) {
    return cache.map(folder -> TextGenerator.cached(textGenerator, folder)).orElse(textGenerator);
  }
}
