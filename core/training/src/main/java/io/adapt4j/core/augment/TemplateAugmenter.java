package io.adapt4j.core.augment;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.PromptTemplate;
import io.adapt4j.core.data.Row;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * Augments rows with paraphrases by templates, without a model.
 *
 * <pre>{@code
 * Augmented augmented =
 *     TemplateAugmenter.of("{greeting} {text}", "{text} {thanks}", "About {country}: {text}")
 *         .list("greeting", "Hello!", "Good morning.")
 *         .list("thanks", "Thanks.", "Thank you!")
 *         .paraphrases(6)
 *         .augment(dataset);
 * }</pre>
 *
 * <p>{@code {text}} is the text itself without surrounding whitespace; any other name in braces is
 * a list, else a field of the row's source. The templates are cycled through, with random values of
 * the lists, deterministically for a seed. Paraphrases that equal others except for case, spaces
 * and punctuation are dropped. The texts are the same as for {@link Paraphraser}. Not thread-safe.
 */
public final class TemplateAugmenter {

  /** Number of attempts with other values to avoid a duplicate. */
  private static final int TRIES = 20;

  private static final double NEVER_NEAR = 2;
  private static final String TEXT = "text";

  private final List<PromptTemplate> templates;
  private final Map<String, List<String>> lists = new LinkedHashMap<>();
  private Set<Part> parts = EnumSet.of(Part.TEXT, Part.PROMPT);
  private int paraphrases;
  private long seed;
  private boolean originals = true;
  private Optional<String> idField = Optional.empty();
  private List<String> keptFields = List.of();

  private TemplateAugmenter(List<PromptTemplate> templates) {
    this.templates = templates;
    this.paraphrases = templates.size();
  }

  /**
   * Starts from templates.
   *
   * @param templates texts with names in braces, at least one
   * @return an augmenter that uses each once
   * @throws IllegalArgumentException if there is none, or one is blank
   */
  public static TemplateAugmenter of(String... templates) {
    return new TemplateAugmenter(
        Checks.texts("templates", templates).stream().map(PromptTemplate::of).toList());
  }

  /**
   * Sets the values of a list.
   *
   * @param name the name
   * @param values the possible values
   * @throws IllegalArgumentException if the name is {@code text}, or a value is blank or missing
   */
  public TemplateAugmenter list(String name, String... values) {
    if (name.equals(TEXT)) {
      throw new IllegalArgumentException("the name of a list must not be 'text'");
    }
    lists.put(name, Checks.texts(name, values));
    return this;
  }

  /**
   * Sets the number of paraphrases per row, besides the original. Default: one per template.
   *
   * @param count at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public TemplateAugmenter paraphrases(int count) {
    this.paraphrases = Checks.atLeastOne("paraphrases", count);
    return this;
  }

  /**
   * Sets the random seed. Default: 0.
   *
   * @param choice the seed
   */
  public TemplateAugmenter seed(long choice) {
    this.seed = choice;
    return this;
  }

  /**
   * Sets the parts of rows to paraphrase. Default: {@link Part#TEXT} and {@link Part#PROMPT}.
   *
   * @param chosen at least one
   * @throws IllegalArgumentException if there is none
   */
  public TemplateAugmenter parts(Part... chosen) {
    this.parts = Checks.parts(chosen);
    return this;
  }

  /** Excludes the original rows from the result. Default: each precedes its paraphrases. */
  public TemplateAugmenter withoutOriginals() {
    this.originals = false;
    return this;
  }

  /**
   * Sets the field whose value becomes {@link Augmented#SOURCE}. Default: the row's index.
   *
   * @param field a field of the rows' sources with unique values
   */
  public TemplateAugmenter idField(String field) {
    this.idField = Optional.of(field);
    return this;
  }

  /**
   * Sets the source fields that are copied to paraphrases. Default: none.
   *
   * @param fields field names
   * @throws IllegalArgumentException if one is {@code source} or {@code paraphrase}
   */
  public TemplateAugmenter keepFields(String... fields) {
    this.keptFields = Checks.fields(fields);
    return this;
  }

  /**
   * Generates the paraphrases.
   *
   * @param dataset the rows
   * @return the rows with their paraphrases; the report has no calls
   * @throws DatasetException if a name is neither a list nor a field of a row
   */
  public Augmented augment(Dataset dataset) {
    Counts counts = new Counts(dataset.name(), dataset.size());
    AugmentedRows rows = new AugmentedRows(dataset, idField, keptFields);
    for (int row = 0; row < dataset.size(); row++) {
      Example original = dataset.get(row);
      if (originals) {
        rows.add(original, row, 0);
      }
      List<List<String>> texts = new ArrayList<>();
      List<String> own = TextParts.of(original, parts);
      for (String text : own) {
        texts.add(paraphrases(dataset, row, text, counts));
      }
      int made = texts.stream().mapToInt(List::size).max().orElse(0);
      for (int i = 0; i < made; i++) {
        List<String> chosen = new ArrayList<>();
        for (int part = 0; part < own.size(); part++) {
          List<String> some = texts.get(part);
          chosen.add(i < some.size() ? some.get(i) : own.get(part));
        }
        rows.add(TextParts.with(original, parts, chosen), row, i + 1);
      }
      counts.finished(row, paraphrases, made);
    }
    return new Augmented(rows.dataset(), keptFields, counts.report());
  }

  private List<String> paraphrases(Dataset dataset, int row, String text, Counts counts) {
    Paraphrases made = new Paraphrases(text, NEVER_NEAR);
    Optional<Row> source = dataset.source(row);
    SplittableRandom random = new SplittableRandom(seed * 31 + row);
    for (int number = 0; number < paraphrases; number++) {
      PromptTemplate template = templates.get(number % templates.size());
      Optional<Rejection> rejection = Optional.of(Rejection.DUPLICATE);
      String paraphrase = "";
      for (int i = 0; i < TRIES && rejection.isPresent(); i++) {
        String rendered = render(dataset, row, template, values(text, source, random));
        paraphrase = AnswerText.spaced(rendered, text);
        rejection = made.offer(paraphrase);
      }
      if (rejection.isPresent()) {
        counts.reject(row, rejection.get(), text, paraphrase);
      }
    }
    return made.accepted();
  }

  /** Returns the value of each name; values of lists are drawn once per paraphrase. */
  private Function<String, String> values(
      String text, Optional<Row> source, SplittableRandom random) {
    Map<String, String> drawn = new LinkedHashMap<>();
    lists.forEach((name, values) -> drawn.put(name, values.get(random.nextInt(values.size()))));
    return name -> {
      if (name.equals(TEXT)) {
        return text.strip();
      }
      return drawn.containsKey(name)
          ? drawn.get(name)
          : source.filter(row -> row.has(name)).map(row -> row.text(name)).orElse(null);
    };
  }

  private static String render(
      Dataset dataset, int row, PromptTemplate template, Function<String, String> values) {
    try {
      return template.render(values);
    } catch (IllegalArgumentException e) {
      throw new DatasetException(
          "%s: %s. Give a list of that name, or fill the field in every row."
              .formatted(dataset.locate(row), e.getMessage()),
          e);
    }
  }
}
