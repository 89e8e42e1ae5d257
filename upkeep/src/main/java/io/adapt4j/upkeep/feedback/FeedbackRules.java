package io.adapt4j.upkeep.feedback;

import io.adapt4j.core.internal.describe.Documents;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Problems;
import io.adapt4j.core.internal.describe.Value;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Rules that make training rows of feedback. Only content with consent is used, nothing is learned
 * from flagged answers, and of several ratings by one customer the last counts. Immutable.
 *
 * <pre>{@code
 * FeedbackRows rows = FeedbackRules.all().rows(log.judged());
 * System.out.print(rows.text());
 * rows.write(folder);
 * }</pre>
 */
public final class FeedbackRules {

  private final Set<FeedbackRule> rules;
  private final Optional<PersonalData> masking;

  private FeedbackRules(Set<FeedbackRule> rules, Optional<PersonalData> masking) {
    this.rules = rules;
    this.masking = masking;
  }

  /** {@return all rules, with masking by {@link PersonalData#patterns()}} */
  public static FeedbackRules all() {
    return of(FeedbackRule.values());
  }

  /**
   * Returns some rules, with masking by {@link PersonalData#patterns()}.
   *
   * @param rules the rules, at least one
   * @return the rules
   * @throws IllegalArgumentException if there are none
   */
  public static FeedbackRules of(FeedbackRule... rules) {
    if (rules.length == 0) {
      throw new IllegalArgumentException("rules: expected at least one, found none");
    }
    return new FeedbackRules(
        EnumSet.copyOf(Arrays.asList(rules)), Optional.of(PersonalData.patterns()));
  }

  /**
   * Reads rules from a file of YAML or JSON: {@code rules}, a list of names such as {@code
   * rated-up}, and {@code mask}, false to leave personal data in.
   *
   * @param file the file
   * @return the rules
   * @throws io.adapt4j.core.exception.SettingsException if it cannot be read, with every reason
   */
  public static FeedbackRules read(Path file) {
    Problems problems = new Problems();
    Value value = Documents.read(file);
    Fields fields = Fields.of("", value, problems);
    Map<String, FeedbackRule> byName = new LinkedHashMap<>();
    for (FeedbackRule rule : FeedbackRule.values()) {
      byName.put(Fields.written(rule), rule);
    }
    List<FeedbackRule> rules = new ArrayList<>();
    fields.require("rules", "Give some of " + String.join(", ", byName.keySet()) + ".");
    for (String name : fields.texts("rules")) {
      FeedbackRule rule = byName.get(name);
      if (rule == null) {
        fields.refuse("rules", name, byName.keySet());
      } else {
        rules.add(rule);
      }
    }
    boolean masks = fields.flag("mask").orElse(true);
    fields.finish();
    problems.finish();
    FeedbackRules read = of(rules.toArray(FeedbackRule[]::new));
    return masks ? read : read.withoutMasking();
  }

  /**
   * Returns a copy that masks texts in another way.
   *
   * @param data finds what is masked
   * @return the copy
   */
  public FeedbackRules masking(PersonalData data) {
    return new FeedbackRules(rules, Optional.of(data));
  }

  /** {@return whether personal data and secrets are masked} */
  public boolean isMasking() {
    return masking.isPresent();
  }

  /** {@return a copy that leaves personal data and secrets in the rows} */
  public FeedbackRules withoutMasking() {
    return new FeedbackRules(rules, Optional.empty());
  }

  /**
   * Makes rows.
   *
   * @param entries the entries of a log
   * @return the rows, in the order of the answers, and what was left out
   */
  public FeedbackRows rows(FeedbackEntries entries) {
    return new RowMaker(rules, masking, entries).rows();
  }

  /** Returns a sentence for each rule. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    rules.forEach(rule -> text.append(rule.words()).append(".\n"));
    return text.toString();
  }
}
