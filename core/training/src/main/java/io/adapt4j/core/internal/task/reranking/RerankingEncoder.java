package io.adapt4j.core.internal.task.reranking;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.data.EncodedRow;
import io.adapt4j.core.internal.data.RowEncoder;
import io.adapt4j.core.internal.data.RowFate;
import io.adapt4j.core.internal.encode.ChoicePrompt;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Encodes each labeled pair of query and document in a row as a prompt. */
record RerankingEncoder(ChoicePrompt prompt, String instruction, int maxLength)
    implements RowEncoder<RerankingSample> {

  private static final Set<String> YES = Set.of("yes", "true", "relevant");
  private static final Set<String> NO = Set.of("no", "false", "irrelevant", "not relevant");

  /** A labeled pair of query and document. */
  private record Pair(String query, String document, float label) {}

  /** Returns the pairs of a row, at least one; an error names the row. */
  private static List<Pair> pairs(Dataset dataset, int row) {
    try {
      return pairs(dataset.get(row));
    } catch (DatasetException e) {
      throw new DatasetException(dataset.locate(row) + ": " + e.getMessage(), e);
    }
  }

  private static List<Pair> pairs(Example example) {
    if (example instanceof Example.QueryPassage found) {
      List<Pair> pairs = new ArrayList<>();
      pairs.add(new Pair(found.query(), found.passage(), 1));
      found.negatives().forEach(negative -> pairs.add(new Pair(found.query(), negative, 0)));
      return pairs;
    }
    if (example instanceof Example.Classified found && found.pair().isPresent()) {
      return List.of(new Pair(found.text(), found.pair().get(), label(found.labels())));
    }
    throw new DatasetException(
        ("expected a query and a document with a label (fields text, pair and label), or a query"
                + " with its passage, found %s. State the shape or map the fields when the data is"
                + " read.")
            .formatted(example.getClass().getSimpleName()));
  }

  private static float label(List<String> labels) {
    if (labels.size() > 1) {
      throw new DatasetException("expected one label, found " + labels + ".");
    }
    String label = labels.isEmpty() ? "no" : labels.get(0).strip().toLowerCase(Locale.ROOT);
    if (YES.contains(label)) {
      return 1;
    }
    if (NO.contains(label)) {
      return 0;
    }
    try {
      float value = Float.parseFloat(label);
      if (value >= 0 && value <= 1) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Falls through to the message that names the label.
    }
    throw new DatasetException(
        "expected the label yes or no, or a number from 0 to 1, found '" + labels.get(0) + "'.");
  }

  @Override
  public EncodedRow<RerankingSample> encode(Dataset dataset, int row) {
    List<RerankingSample> samples = new ArrayList<>();
    boolean truncated = false;
    for (Pair pair : pairs(dataset, row)) {
      ChoicePrompt.Prompt made = prompt(pair);
      samples.add(sample(pair, made));
      truncated |= made.truncated();
    }
    return new EncodedRow<>(samples, truncated ? RowFate.TRUNCATED : RowFate.KEPT);
  }

  @Override
  public RerankingSample sample(Dataset dataset, int row, int part) {
    Pair pair = pairs(dataset, row).get(part);
    return sample(pair, prompt(pair));
  }

  private ChoicePrompt.Prompt prompt(Pair pair) {
    return prompt.prompt(instruction, pair.query(), pair.document());
  }

  private static RerankingSample sample(Pair pair, ChoicePrompt.Prompt made) {
    return new RerankingSample(made.ids(), pair.query(), pair.label());
  }
}
