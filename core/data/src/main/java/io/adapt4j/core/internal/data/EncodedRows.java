package io.adapt4j.core.internal.data;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.FileDigest;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Samples of a dataset. Only their places and lengths are kept; rows are read and encoded again for
 * each batch.
 *
 * <p>Immutable, and thread-safe as its dataset is.
 */
public final class EncodedRows<S extends Sample> implements MaskableSamples {

  /** Rows encoded at once. */
  private static final int CHUNK = 2048;

  private final Dataset dataset;
  private final RowEncoder<S> encoder;

  /** The row of each sample; those of one row follow each other. */
  private final int[] rows;

  private final int[] lengths;
  private final EncodingReport report;
  private final Masking<S> masking;

  private EncodedRows(
      Dataset dataset,
      RowEncoder<S> encoder,
      Masking<S> masking,
      int[] rows,
      int[] lengths,
      EncodingReport report) {
    this.masking = masking;
    this.dataset = dataset;
    this.encoder = encoder;
    this.rows = rows;
    this.lengths = lengths;
    this.report = report;
  }

  /**
   * Rows to mask, and the form of a masked sample by the lengths of its sequences. A masked sample
   * has no weight in the loss. It has at least {@code sequences} sequences of at most {@code
   * maxLength} tokens.
   */
  public record Masking<S>(
      RowMask mask, int sequences, int maxLength, Function<List<Integer>, S> form) {

    /** Masks nothing. */
    static <S> Masking<S> none() {
      return new Masking<>(
          RowMask.NONE,
          0,
          0,
          lengths -> {
            throw new IllegalStateException("rows of this task cannot be masked");
          });
    }

    private double weight(Dataset dataset, int row) {
      return mask.contains(row) ? 0 : dataset.weight(row);
    }
  }

  /** Encodes a dataset once, on all processors. */
  public static <S extends Sample> EncodedRows<S> of(Dataset dataset, RowEncoder<S> encoder) {
    return of(dataset, encoder, sample -> {});
  }

  /** Encodes a dataset once, on all processors, and passes each sample in order to a visitor. */
  public static <S extends Sample> EncodedRows<S> of(
      Dataset dataset, RowEncoder<S> encoder, Consumer<? super S> visitor) {
    return of(dataset, encoder, Masking.none(), visitor);
  }

  /** Encodes a dataset once, masks some rows, and passes each sample in order to a visitor. */
  public static <S extends Sample> EncodedRows<S> of(
      Dataset dataset, RowEncoder<S> rowEncoder, Masking<S> masking, Consumer<? super S> visitor) {
    RowEncoder<S> encoder =
        masking.mask().isEmpty()
            ? rowEncoder
            : (data, row) -> masking.mask().encode(rowEncoder, masking, data, row);
    EncodingCounts counts = new EncodingCounts();
    MessageDigest digest = FileDigest.sha256();
    IntStream.Builder rows = IntStream.builder();
    IntStream.Builder lengths = IntStream.builder();
    for (int from = 0; from < dataset.size(); from += CHUNK) {
      int row = from;
      for (EncodedRow<S> encoded :
          encoded(dataset, encoder, from, Math.min(from + CHUNK, dataset.size()))) {
        counts.addRow(encoded.fate());
        for (S sample : encoded.samples()) {
          rows.add(row);
          lengths.add(sample.length());
          counts.addTokens(sample.length(), sample.tokens(), sample.targets());
          sample.digest(digest, masking.weight(dataset, row));
          visitor.accept(sample);
        }
        counts.addSamples(encoded.samples().isEmpty() ? 0 : encoded.samples().get(0).sequences());
        row++;
      }
    }
    return new EncodedRows<>(
        dataset,
        encoder,
        masking,
        rows.build().toArray(),
        lengths.build().toArray(),
        counts.report(digest));
  }

  /**
   * Encodes rows in parallel; if several fail, the first one is reported regardless of thread
   * timing.
   */
  private static <S extends Sample> List<EncodedRow<S>> encoded(
      Dataset dataset, RowEncoder<S> encoder, int from, int to) {
    try {
      return IntStream.range(from, to)
          .parallel()
          .mapToObj(row -> encoder.encode(dataset, row))
          .toList();
    } catch (RuntimeException e) {
      return IntStream.range(from, to).mapToObj(row -> encoder.encode(dataset, row)).toList();
    }
  }

  /** {@return the encoding report} */
  public EncodingReport report() {
    return report;
  }

  /** {@return the number of samples} */
  @Override
  public int size() {
    return rows.length;
  }

  /** {@return the row of a sample} */
  @Override
  public int row(int sample) {
    return rows[sample];
  }

  /** Encodes a sample again. */
  @Override
  public S get(int sample) {
    int part = 0;
    while (part < sample && rows[sample - part - 1] == rows[sample]) {
      part++;
    }
    return encoder.sample(dataset, rows[sample], part);
  }

  /** {@return the weight of a sample in the loss} */
  @Override
  public double weight(int sample) {
    return masking.weight(dataset, rows[sample]);
  }

  @Override
  public List<Integer> lengths(int sample) {
    return get(sample).lengths();
  }

  @Override
  public S masked(int sample) {
    return masking.form().apply(lengths(sample));
  }

  @Override
  public double maskedWeight(int sample) {
    return 0;
  }

  /** Collation of samples into a batch. */
  @FunctionalInterface
  public interface Collation<S, B> {

    /** Makes a batch of samples, given their weights and numbers. */
    B batch(List<S> samples, float[] weights, int[] numbers);
  }

  public <B> RowBatches<B> collated(Collation<S, B> collation) {
    return collatedByEpoch(epoch -> collation);
  }

  /** Returns the rows as batches that differ between epochs. */
  public <B> RowBatches<B> collatedByEpoch(IntFunction<Collation<S, B>> collation) {
    return RowBatches.of(
        report,
        lengths,
        (epoch, numbers) -> {
          float[] weights = new float[numbers.length];
          for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) weight(numbers[i]);
          }
          return collation
              .apply(epoch)
              .batch(Arrays.stream(numbers).mapToObj(this::get).toList(), weights, numbers);
        },
        this);
  }
}
