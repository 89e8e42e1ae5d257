package io.adapt4j.studio.internal.data;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.quality.Check;
import io.adapt4j.core.data.quality.DataCleaner;
import io.adapt4j.core.data.quality.Normalization;
import io.adapt4j.core.data.quality.Sensitive;
import io.adapt4j.studio.internal.store.Source.Fix;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Actions that fix findings. */
public final class Fixes {

  /** Leaves out rows with findings of a check. */
  public static final String DROP = "drop";

  /** Replaces what should not be in a text. */
  public static final String REDACT = "redact";

  /** Repairs characters. */
  public static final String REPAIR = "repair";

  /** Leaves out one row, by its place in the file. */
  public static final String ROW = "row";

  /** Truncates rows to a number of tokens by the tokenizer of a model, as in {@link #tokens}. */
  public static final String TRUNCATE = "truncate";

  /** Leaves out rows with more than a number of tokens. */
  public static final String DROP_LONG = "drop_long";

  private static final double NEAR = 0.8;

  private static final Map<Check, List<String>> ACTIONS =
      Map.of(
          Check.EMPTY_ANSWER, List.of(DROP),
          Check.TRUNCATED_ANSWER, List.of(DROP),
          Check.ROLE_ORDER, List.of(DROP),
          Check.EXACT_DUPLICATE, List.of(DROP),
          Check.NEAR_DUPLICATE, List.of(DROP),
          Check.LEAKAGE, List.of(DROP),
          Check.SECRET, List.of(REDACT, DROP),
          Check.PERSONAL_DATA, List.of(REDACT, DROP),
          Check.ENCODING_DAMAGE, List.of(REPAIR, DROP));

  private Fixes() {}

  /** Returns the actions that fix findings of a check, the mildest first. */
  public static List<String> of(Check check) {
    return ACTIONS.getOrDefault(check, List.of());
  }

  /** Says what a fix of long rows is of. */
  public static String tokens(int tokens, String model) {
    return tokens + " " + model;
  }

  /** Returns whether a fix is one of long rows. */
  public static boolean isOfTokens(Fix fix) {
    return fix.action().equals(TRUNCATE) || fix.action().equals(DROP_LONG);
  }

  /** Returns whether a fix is one that can be done. */
  public static boolean isKnown(Fix fix) {
    return fix.action().equals(ROW)
        ? !fix.of().isEmpty()
        : ACTIONS.entrySet().stream()
            .anyMatch(
                each ->
                    each.getKey().name().equals(fix.of())
                        && each.getValue().contains(fix.action()));
  }

  /** Returns the rows after all fixes, as a view: single rows are left out first. */
  static Dataset apply(Dataset rows, List<Fix> fixes, Optional<? extends Dataset> test) {
    Set<String> places =
        fixes.stream()
            .filter(fix -> fix.action().equals(ROW))
            .map(Fix::of)
            .collect(Collectors.toSet());
    Dataset kept = rows;
    if (!places.isEmpty()) {
      kept =
          rows.subset(
              IntStream.range(0, rows.size())
                  .filter(row -> !places.contains(rows.locate(row)))
                  .toArray());
    }
    List<Fix> others = fixes.stream().filter(fix -> !fix.action().equals(ROW)).toList();
    if (others.isEmpty()) {
      return kept;
    }
    DataCleaner cleaner = DataCleaner.of(kept);
    others.forEach(fix -> add(cleaner, fix, test));
    return cleaner.clean().dataset();
  }

  private static void addTokens(DataCleaner cleaner, Fix fix) {
    String[] of = fix.of().split(" ", 2);
    TokenCounter counter = TokenCounter.of(Path.of(of[1]));
    int most = Integer.parseInt(of[0]);
    if (fix.action().equals(TRUNCATE)) {
      cleaner.truncate(counter.tokenizer(), most);
    } else {
      cleaner.drop("over " + most + " tokens", row -> counter.count(row) > most);
    }
  }

  private static void add(DataCleaner cleaner, Fix fix, Optional<? extends Dataset> test) {
    if (isOfTokens(fix)) {
      addTokens(cleaner, fix);
      return;
    }
    Check check = Check.valueOf(fix.of());
    switch (fix.action()) {
      case REDACT -> {
        if (check == Check.SECRET) {
          cleaner.redact(Sensitive.SECRET);
        } else {
          cleaner.redact(Sensitive.EMAIL, Sensitive.CARD, Sensitive.PHONE);
        }
      }
      case REPAIR -> cleaner.normalize(Normalization.MOJIBAKE, Normalization.CONTROL_CHARACTERS);
      default -> {
        switch (check) {
          case EXACT_DUPLICATE -> cleaner.dropDuplicates();
          case NEAR_DUPLICATE -> cleaner.dropNearDuplicates(NEAR);
          case LEAKAGE -> test.ifPresent(cleaner::dropLeaked);
          default -> cleaner.drop(check);
        }
      }
    }
  }
}
