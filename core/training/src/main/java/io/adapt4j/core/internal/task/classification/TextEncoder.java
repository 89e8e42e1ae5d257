package io.adapt4j.core.internal.task.classification;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.data.EncodedRow;
import io.adapt4j.core.internal.data.EncodedRows;
import io.adapt4j.core.internal.data.EncodedRows.Masking;
import io.adapt4j.core.internal.data.LabeledSample;
import io.adapt4j.core.internal.data.RowBatches;
import io.adapt4j.core.internal.data.RowEncoder;
import io.adapt4j.core.internal.data.RowMask;
import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.tokenize.Words;
import io.adapt4j.core.task.ClassificationProblem;
import io.adapt4j.core.tokenize.Encoding;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * Encodes labeled texts to tokens and class indices. Texts get the model's special tokens and are
 * truncated at their end to fit; of a pair the longer text is truncated.
 *
 * <p>A word's class is the label of its first token, as in Transformers' examples; its other tokens
 * are ignored. Words are joined by spaces; if the tokenizer attaches the space to the following
 * word, a token of the space alone is that word's first.
 *
 * <p>Deterministic and thread-safe. Does not close the tokenizer.
 */
public record TextEncoder(
    Tokenizer tokenizer, int maxLength, ClassificationProblem problem, LabelSet labels)
    implements RowEncoder<LabeledSample> {

  /** Returns the rows of a dataset in batches, grouped by length when shuffled. */
  public RowBatches<TextBatch> rows(Dataset dataset, int paddingId) {
    return rows(dataset, RowMask.NONE, paddingId);
  }

  /** Returns the rows of a dataset, some of them masked, in batches. */
  RowBatches<TextBatch> rows(Dataset dataset, RowMask mask, int paddingId) {
    Masking<LabeledSample> masking =
        new Masking<>(mask, 1, maxLength, lengths -> masked(lengths.get(0), paddingId));
    return EncodedRows.of(dataset, this, masking, sample -> {})
        .collated((samples, weights, numbers) -> TextBatch.of(samples, weights, paddingId))
        .groupedByLength();
  }

  @Override
  public EncodedRow<LabeledSample> encode(Dataset dataset, int row) {
    Example example = dataset.get(row);
    try {
      return encode(example);
    } catch (DatasetException e) {
      throw new DatasetException(dataset.locate(row) + ": " + e.getMessage(), e);
    }
  }

  /** Returns a masked sample. Its labels have the usual form, but no weight in the loss. */
  private LabeledSample masked(int length, int paddingId) {
    int classes = problem == ClassificationProblem.TOKEN ? length : 1;
    int values = problem == ClassificationProblem.MULTI_LABEL ? labels.names().size() : 1;
    boolean numbers =
        problem == ClassificationProblem.MULTI_LABEL || problem == ClassificationProblem.REGRESSION;
    return new LabeledSample(
        RowMask.padding(length, paddingId),
        new int[length],
        problem == ClassificationProblem.TOKEN,
        new int[numbers ? 0 : classes],
        new float[numbers ? values : 0]);
  }

  private EncodedRow<LabeledSample> encode(Example example) {
    if (problem == ClassificationProblem.TOKEN) {
      if (example instanceof Example.Tagged tagged) {
        return tagged(tagged);
      }
      throw unfit(example, "words with tags (fields tokens and tags)");
    }
    if (example instanceof Example.Classified classified) {
      return classified(classified);
    }
    throw unfit(example, "a text with a label (fields text and label)");
  }

  private static DatasetException unfit(Example example, String expected) {
    return new DatasetException(
        "expected %s, found %s. State the shape or map the fields when the data is read."
            .formatted(expected, example.getClass().getSimpleName()));
  }

  private EncodedRow<LabeledSample> classified(Example.Classified example) {
    int[] classes = new int[0];
    float[] values = new float[0];
    switch (problem) {
      case SINGLE_LABEL -> classes = new int[] {number(only(example.labels()))};
      case MULTI_LABEL -> values = indicators(example.labels());
      case REGRESSION -> values = new float[] {value(only(example.labels()))};
      case TOKEN -> throw new IllegalStateException("Texts have no labels of tokens");
    }
    if (example.pair().isPresent()) {
      String second = example.pair().get();
      int whole = tokenizer.encodePair(example.text(), second).length();
      Encoding pair = tokenizer.encodePair(example.text(), second, maxLength);
      return EncodedRow.of(
          new LabeledSample(pair.ids(), pair.typeIds(), false, classes, values), whole > maxLength);
    }
    int[] ids = tokenizer.encode(example.text(), true);
    boolean cut = ids.length > maxLength;
    int[] kept = cut ? tokenizer.encodeTruncated(example.text(), maxLength) : ids;
    return EncodedRow.of(
        new LabeledSample(kept, new int[kept.length], false, classes, values), cut);
  }

  private static String only(List<String> found) {
    if (found.size() != 1) {
      throw new DatasetException(
          "expected one label, found " + found + ". For several labels a text use multiLabel.");
    }
    return found.get(0);
  }

  private int number(String label) {
    OptionalInt number = labels.find(label);
    if (number.isEmpty()) {
      throw new DatasetException(
          "unknown label '" + label + "', known are " + labels.names() + ". Correct the row.");
    }
    return number.getAsInt();
  }

  private float[] indicators(List<String> present) {
    float[] values = new float[labels.names().size()];
    present.forEach(label -> values[number(label)] = 1);
    return values;
  }

  private static float value(String label) {
    try {
      float value = Float.parseFloat(label);
      if (Float.isFinite(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Falls through to the message that names the label.
    }
    throw new DatasetException("expected a number as label, found '" + label + "'.");
  }

  private EncodedRow<LabeledSample> tagged(Example.Tagged example) {
    Words words = Words.of(example.tokens());
    Encoding whole = tokenizer.encodeWithOffsets(words.text(), true);
    int[] found = words.firstTokens(whole);
    int[] classes = new int[whole.length()];
    for (int i = 0; i < classes.length; i++) {
      classes[i] = found[i] < 0 ? TrainingSample.IGNORED : number(example.tags().get(found[i]));
    }
    int[] kept = Words.within(whole, maxLength);
    return EncodedRow.of(
        new LabeledSample(
            pick(whole.ids(), kept),
            pick(whole.typeIds(), kept),
            true,
            pick(classes, kept),
            new float[0]),
        kept.length < whole.length());
  }

  private static int[] pick(int[] values, int[] places) {
    return Arrays.stream(places).map(place -> values[place]).toArray();
  }
}
