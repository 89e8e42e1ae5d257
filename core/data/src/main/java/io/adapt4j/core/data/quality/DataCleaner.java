package io.adapt4j.core.data.quality;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Cleans a dataset in steps, which run in the order they are added. Every row that a step changes
 * or drops is listed in the {@link Cleaned}. The result is a view: rows are changed when they are
 * read, and files are not modified.
 *
 * <pre>{@code
 * Cleaned cleaned =
 *     DataCleaner.of(dataset)
 *         .normalize(Normalization.MOJIBAKE, Normalization.NFC)
 *         .redact(Sensitive.EMAIL, Sensitive.PHONE)
 *         .drop(Check.EMPTY_ANSWER)
 *         .dropNearDuplicates(0.8)
 *         .dropLeaked(test)
 *         .clean();
 * }</pre>
 *
 * <p>Not thread-safe.
 */
public final class DataCleaner {

  private final Dataset dataset;
  private final List<Step> steps = new ArrayList<>();

  /** A step that either changes or drops rows. */
  private record Step(
      String name,
      @Nullable UnaryOperator<Example> change,
      @Nullable Function<Dataset, BitSet> dropped) {}

  private DataCleaner(Dataset dataset) {
    this.dataset = Objects.requireNonNull(dataset, "dataset");
  }

  /**
   * Starts from the rows to clean.
   *
   * @param dataset the rows
   * @return a cleaner without steps
   */
  public static DataCleaner of(Dataset dataset) {
    return new DataCleaner(dataset);
  }

  /**
   * Adds a step that normalizes texts. A text that would become empty is unchanged.
   *
   * @param ways the normalizations, in this order
   */
  public DataCleaner normalize(Normalization... ways) {
    List<Normalization> chosen = List.of(ways);
    return change(
        "normalize " + chosen,
        text -> {
          String changed = text;
          for (Normalization way : chosen) {
            changed = way.apply(changed);
          }
          return changed;
        });
  }

  /**
   * Adds a step that replaces sensitive texts by placeholders such as {@code [EMAIL]}.
   *
   * @param kinds the kinds to redact; all if none is given
   */
  public DataCleaner redact(Sensitive... kinds) {
    Set<Sensitive> chosen =
        kinds.length == 0 ? EnumSet.allOf(Sensitive.class) : EnumSet.copyOf(Arrays.asList(kinds));
    return change(
        "redact " + chosen,
        text -> {
          String changed = text;
          for (Sensitive kind : chosen) {
            changed = kind.redact(changed);
          }
          return changed;
        });
  }

  /**
   * Adds a step that truncates texts to a number of tokens: an {@link Example.Text} or {@link
   * Example.Classified} at its end, the prompt of an {@link Example.PromptCompletion} at its
   * beginning, so that the answer is complete; other rows are unchanged.
   *
   * @param tokenizer the model's tokenizer, which must stay open while the rows are read
   * @param tokens maximum tokens of a row, without special tokens; at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public DataCleaner truncate(Tokenizer tokenizer, int tokens) {
    if (tokens < 1) {
      throw new IllegalArgumentException("tokens must be at least 1, found " + tokens);
    }
    steps.add(
        new Step(
            "truncate to " + tokens + " tokens",
            example -> Truncation.of(example, tokenizer, tokens),
            null));
    return this;
  }

  /**
   * Adds a step that changes every text of a row.
   *
   * @param name the name of the step in the report
   * @param change returns the new text, deterministically; a text that would become empty is
   *     unchanged
   */
  public DataCleaner change(String name, UnaryOperator<String> change) {
    steps.add(new Step(name, example -> ExampleTexts.map(example, change), null));
    return this;
  }

  /**
   * Adds a step that drops rows that fail a check.
   *
   * @param checks checks of single rows: {@link Check#EMPTY_ANSWER}, {@link
   *     Check#TRUNCATED_ANSWER}, {@link Check#SECRET}, {@link Check#PERSONAL_DATA}, {@link
   *     Check#ENCODING_DAMAGE}, {@link Check#ROLE_ORDER}
   * @throws IllegalArgumentException if a check is none of these
   */
  public DataCleaner drop(Check... checks) {
    for (Check check : checks) {
      Function<Example, String> found = RowChecks.ALL.get(check);
      if (found == null) {
        throw new IllegalArgumentException(
            "%s does not look at single rows; use one of %s, or the step of its name"
                .formatted(check, RowChecks.ALL.keySet()));
      }
      drop("drop " + check, example -> !found.apply(example).isEmpty());
    }
    return this;
  }

  /**
   * Adds a step that drops rows.
   *
   * @param name the name of the step in the report
   * @param unwanted returns whether to drop a row
   */
  public DataCleaner drop(String name, Predicate<? super Example> unwanted) {
    steps.add(
        new Step(
            name,
            null,
            rows -> {
              BitSet dropped = new BitSet();
              for (int row = 0; row < rows.size(); row++) {
                dropped.set(row, unwanted.test(rows.get(row)));
              }
              return dropped;
            }));
    return this;
  }

  /** Adds a step that keeps only the first of equal rows. */
  public DataCleaner dropDuplicates() {
    steps.add(new Step("drop duplicates", null, rows -> repeated(Duplicates.exact(rows))));
    return this;
  }

  /**
   * Adds a step that keeps only the first of nearly or exactly equal rows.
   *
   * @param similarity the threshold, as in {@link DataChecker#near}
   * @throws IllegalArgumentException if it is not in (0, 1]
   */
  public DataCleaner dropNearDuplicates(double similarity) {
    DataChecker.requireSimilarity(similarity);
    steps.add(
        new Step(
            "drop near duplicates from " + similarity,
            null,
            rows -> repeated(Duplicates.near(rows, similarity))));
    return this;
  }

  /**
   * Adds a step that drops rows which contain a quarter of a test row's word 13-grams, or all of a
   * shorter test row.
   *
   * @param test the test rows
   */
  public DataCleaner dropLeaked(Dataset test) {
    steps.add(
        new Step(
            "drop rows that are in " + test.name(),
            null,
            rows ->
                new Leakage(rows, test, DataChecker.LEAKED_WORDS, DataChecker.LEAKED_SHARE)
                    .leaking()));
    return this;
  }

  private static BitSet repeated(int[] original) {
    BitSet repeated = new BitSet();
    for (int row = 0; row < original.length; row++) {
      repeated.set(row, original[row] >= 0);
    }
    return repeated;
  }

  /**
   * Runs the steps. Every row is read once for each step, more often for duplicates.
   *
   * @return the remaining rows, and the rows changed and dropped
   * @throws DatasetException if no row is left
   */
  public Cleaned clean() {
    Dataset rows = dataset;
    int[] origin = IntStream.range(0, dataset.size()).toArray();
    List<Cleaned.Step> done = new ArrayList<>();
    for (Step step : steps) {
      if (step.change() != null) {
        Changed changed = new Changed(rows, step.change());
        done.add(new Cleaned.Step(step.name(), origins(origin, changed.rows()), List.of()));
        rows = changed;
        continue;
      }
      BitSet dropped = Objects.requireNonNull(step.dropped()).apply(rows);
      done.add(new Cleaned.Step(step.name(), List.of(), origins(origin, dropped)));
      int[] kept = IntStream.range(0, rows.size()).filter(row -> !dropped.get(row)).toArray();
      if (kept.length == 0) {
        throw new DatasetException(
            dataset.name() + ": step '" + step.name() + "' leaves no row. Leave the step out.");
      }
      int[] before = origin;
      origin = Arrays.stream(kept).map(row -> before[row]).toArray();
      rows = rows.subset(kept);
    }
    return new Cleaned(rows, dataset.name(), dataset.size(), rows.size(), done);
  }

  private static List<Integer> origins(int[] origin, BitSet rows) {
    return rows.stream().map(row -> origin[row]).boxed().toList();
  }
}
