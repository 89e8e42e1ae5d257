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
 * Repairs a dataset in steps that are carried out in the order they are named. Only named steps are
 * done, and every row that one changes or drops is in the {@link Cleaned}. The result is a view:
 * rows are changed when they are read, and the files stay as they are.
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

  /** A step: either changes rows, or tells which rows of a dataset go away. */
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
   * Adds a step that writes texts alike. A text that would become empty stays.
   *
   * @param ways what to do, in this order
   * @return this
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
   * Adds a step that puts {@code [EMAIL]} and the like instead of sensitive texts.
   *
   * @param kinds what to redact; all kinds if none is named
   * @return this
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
   * Adds a step that cuts texts to a number of tokens: an {@link Example.Text} or {@link
   * Example.Classified} at its end, the prompt of an {@link Example.PromptCompletion} at its
   * beginning, so that the answer stays whole; other rows stay as they are.
   *
   * @param tokenizer the model's tokenizer, open as long as the rows are read
   * @param tokens most tokens of a row, without special tokens; at least 1
   * @return this
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
   * @param name what to call it in the report
   * @param change makes the new text, the same for the same text every time; one that would become
   *     empty stays
   * @return this
   */
  public DataCleaner change(String name, UnaryOperator<String> change) {
    steps.add(new Step(name, example -> ExampleTexts.map(example, change), null));
    return this;
  }

  /**
   * Adds a step that drops rows in which a check finds something.
   *
   * @param checks checks that look at one row: {@link Check#EMPTY_ANSWER}, {@link
   *     Check#TRUNCATED_ANSWER}, {@link Check#SECRET}, {@link Check#PERSONAL_DATA}, {@link
   *     Check#ENCODING_DAMAGE}, {@link Check#ROLE_ORDER}
   * @return this
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
   * @param name what to call it in the report
   * @param unwanted tells whether a row goes away
   * @return this
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

  /**
   * Adds a step that keeps the first of equal rows.
   *
   * @return this
   */
  public DataCleaner dropDuplicates() {
    steps.add(new Step("drop duplicates", null, rows -> repeated(Duplicates.exact(rows))));
    return this;
  }

  /**
   * Adds a step that keeps the first of rows that are nearly or wholly equal.
   *
   * @param similarity from which similarity on, as in {@link DataChecker#near}
   * @return this
   * @throws IllegalArgumentException if it is not above 0 and up to 1
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
   * Adds a step that drops rows which have a quarter of the sequences of 13 words of a row to test
   * on, or the whole of a shorter one.
   *
   * @param test the rows to test on
   * @return this
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
   * Carries the steps out. Every row is read once for each step, more often for duplicates.
   *
   * @return the rows that are left, and what was changed and dropped
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
