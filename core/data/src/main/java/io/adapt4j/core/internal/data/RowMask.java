package io.adapt4j.core.internal.data;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.MaskedRow;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Rows of a dataset whose samples are replaced by padding of the same length without loss. */
public final class RowMask {

  /** Masks no row. */
  public static final RowMask NONE = new RowMask(List.of());

  private final Map<Integer, MaskedRow> rows = new HashMap<>();

  public RowMask(List<MaskedRow> masked) {
    masked.forEach(row -> rows.put(row.row(), row));
  }

  boolean isEmpty() {
    return rows.isEmpty();
  }

  boolean contains(int row) {
    return rows.containsKey(row);
  }

  /** Encodes a row of one sample, masked or not; one whose lengths are given is not read. */
  <S extends Sample> EncodedRow<S> encode(
      RowEncoder<S> encoder, EncodedRows.Masking<S> masking, Dataset dataset, int row) {
    MaskedRow masked = rows.get(row);
    if (masked == null) {
      return encoder.encode(dataset, row);
    }
    List<Integer> lengths =
        masked
            .lengths()
            .orElseGet(
                () ->
                    encoder.encode(dataset, row).samples().stream()
                        .flatMap(sample -> sample.lengths().stream())
                        .toList());
    if (lengths.isEmpty()) {
      return EncodedRow.skipped(RowFate.NOTHING_TO_LEARN);
    }
    if (lengths.size() < masking.sequences() || Collections.max(lengths) > masking.maxLength()) {
      throw new DatasetException(
          "maskedRows: row %s has the lengths %s, expected at least %s of at most %s tokens (maxLength). Give the lengths that it had in this run."
              .formatted(row, lengths, masking.sequences(), masking.maxLength()));
    }
    return new EncodedRow<>(List.of(masking.form().apply(lengths)), RowFate.KEPT);
  }

  /** Encodes a row, masked or not; one whose lengths are given is not read. */
  EncodedRow<TrainingSample> encode(ExampleEncoder encoder, Dataset dataset, int row) {
    MaskedRow masked = rows.get(row);
    if (masked == null) {
      return encoder.encodeRow(dataset, row);
    }
    if (masked.lengths().isEmpty()) {
      EncodedRow<TrainingSample> read = encoder.encodeRow(dataset, row);
      return new EncodedRow<>(
          read.samples().stream().map(sample -> masked(sample.length(), encoder)).toList(),
          read.fate());
    }
    List<Integer> lengths = masked.lengths().get();
    for (int length : lengths) {
      if (length > encoder.maxLength()) {
        throw new DatasetException(
            "maskedRows: row %s has a length of %s tokens, expected at most maxLength %s. Give the lengths that it had in this run."
                .formatted(row, length, encoder.maxLength()));
      }
    }
    return lengths.isEmpty()
        ? EncodedRow.skipped(RowFate.NOTHING_TO_LEARN)
        : new EncodedRow<>(
            lengths.stream().map(length -> masked(length, encoder)).toList(), RowFate.KEPT);
  }

  /** Returns padding instead of tokens. */
  public static int[] padding(int length, int paddingId) {
    int[] ids = new int[length];
    Arrays.fill(ids, paddingId);
    return ids;
  }

  public static TrainingSample masked(int length, ExampleEncoder encoder) {
    int[] ids = padding(length, encoder.paddingId());
    int[] labels = new int[length];
    Arrays.fill(labels, TrainingSample.IGNORED);
    return new TrainingSample(ids, labels);
  }
}
