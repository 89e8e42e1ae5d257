package io.adapt4j.core.internal.data;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Tokenized rows of a dataset: one sample per row, or several for a row that was split. Kept in
 * memory at four bytes a token, up to an eighth of the heap; the rest are tokenized again on each
 * access.
 *
 * <p>Immutable and thread-safe.
 */
public final class Samples implements MaskableSamples {

  private final Dataset dataset;
  private final ExampleEncoder encoder;
  private final RowMask mask;

  /** The row of each sample; those of one row follow each other. */
  private final int[] rows;

  private final int[] lengths;

  private final int[] targets;

  /**
   * Token ids, bitwise inverted where a token is not trained on; null for samples not in memory.
   */
  private final int[][] kept;

  private Samples(Builder builder) {
    this.dataset = builder.dataset;
    this.encoder = builder.encoder;
    this.mask = builder.mask;
    this.rows = Arrays.copyOf(builder.rows, builder.size);
    this.lengths = Arrays.copyOf(builder.lengths, builder.size);
    this.targets = Arrays.copyOf(builder.targets, builder.size);
    this.kept = Arrays.copyOf(builder.kept, builder.size);
  }

  /** Keeps some samples of others; those of a row stay together. */
  private Samples(Samples all, int[] chosen) {
    this.dataset = all.dataset;
    this.encoder = all.encoder;
    this.mask = all.mask;
    this.rows = Arrays.stream(chosen).map(sample -> all.rows[sample]).toArray();
    this.lengths = Arrays.stream(chosen).map(sample -> all.lengths[sample]).toArray();
    this.targets = Arrays.stream(chosen).map(sample -> all.targets[sample]).toArray();
    this.kept = Arrays.stream(chosen).mapToObj(sample -> all.kept[sample]).toArray(int[][]::new);
  }

  /** Collects samples row by row. */
  static final class Builder {

    private final Dataset dataset;
    private final ExampleEncoder encoder;
    private final RowMask mask;
    private long room;
    private int size;
    private int[] rows;
    private int[] lengths;
    private int[] targets;
    private int[][] kept;

    Builder(Dataset dataset, ExampleEncoder encoder, RowMask mask, long bytes) {
      this.mask = mask;
      this.dataset = dataset;
      this.encoder = encoder;
      this.room = bytes;
      this.rows = new int[dataset.size()];
      this.lengths = new int[dataset.size()];
      this.targets = new int[dataset.size()];
      this.kept = new int[dataset.size()][];
    }

    void add(int row, TrainingSample sample) {
      addElsewhere(row, sample.length(), sample.targetTokens());
      long bytes = (long) sample.length() * Integer.BYTES;
      if (bytes <= room) {
        kept[size - 1] = compact(sample);
        room -= bytes;
      }
    }

    /** Adds a sample whose tokens another process holds. */
    void addElsewhere(int row, int length, int targetTokens) {
      if (size == rows.length) {
        int larger = size + size / 2 + 1;
        rows = Arrays.copyOf(rows, larger);
        lengths = Arrays.copyOf(lengths, larger);
        targets = Arrays.copyOf(targets, larger);
        kept = Arrays.copyOf(kept, larger);
      }
      rows[size] = row;
      lengths[size] = length;
      targets[size] = targetTokens;
      size++;
    }

    Samples build() {
      return new Samples(this);
    }
  }

  private static int[] compact(TrainingSample sample) {
    int[] marked = sample.ids().clone();
    for (int i = 0; i < marked.length; i++) {
      marked[i] = sample.labels()[i] == TrainingSample.IGNORED ? ~marked[i] : marked[i];
    }
    return marked;
  }

  private static TrainingSample spread(int[] marked) {
    int[] ids = marked.clone();
    int[] labels = marked.clone();
    for (int i = 0; i < ids.length; i++) {
      if (marked[i] < 0) {
        ids[i] = ~marked[i];
        labels[i] = TrainingSample.IGNORED;
      }
    }
    return new TrainingSample(ids, labels);
  }

  @Override
  public int size() {
    return rows.length;
  }

  /** Returns the length of a sample without encoding it. */
  public int length(int sample) {
    return lengths[sample];
  }

  /** Makes a sample by its number in the order of the rows. */
  @Override
  public TrainingSample get(int sample) {
    if (kept[sample] != null) {
      return spread(kept[sample]);
    }
    int part = 0;
    while (sample - part > 0 && rows[sample - part - 1] == rows[sample]) {
      part++;
    }
    List<TrainingSample> read = mask.encode(encoder, dataset, rows[sample]).samples();
    if (part >= read.size()
        || read.get(part).length() != lengths[sample]
        || read.get(part).targetTokens() != targets[sample]) {
      throw new DatasetException(
          dataset.locate(rows[sample])
              + ": the row has other tokens than when the data was first read. Leave the data alone"
              + " while it is in use, and give all workers the same.");
    }
    return read.get(part);
  }

  /**
   * Returns a placeholder with the same numbers of tokens and targets as a sample, without reading
   * it.
   */
  public TrainingSample outline(int sample) {
    int[] labels = new int[lengths[sample]];
    Arrays.fill(labels, 0, labels.length - targets[sample], TrainingSample.IGNORED);
    return new TrainingSample(new int[labels.length], labels);
  }

  /** {@return the row of a sample} */
  @Override
  public int row(int sample) {
    return rows[sample];
  }

  /** Returns the weight of a sample in the loss. */
  @Override
  public double weight(int sample) {
    return dataset.weight(rows[sample]);
  }

  @Override
  public List<Integer> lengths(int sample) {
    return List.of(lengths[sample]);
  }

  @Override
  public TrainingSample masked(int sample) {
    return RowMask.masked(lengths[sample], encoder);
  }

  /** A masked sample has no target to weigh. */
  @Override
  public double maskedWeight(int sample) {
    return weight(sample);
  }

  /** Returns the samples of each part of the dataset ({@link Dataset#part}), in order. */
  Map<String, Samples> parts() {
    Map<String, IntStream.Builder> parts = new LinkedHashMap<>();
    for (int sample = 0; sample < rows.length; sample++) {
      parts.computeIfAbsent(dataset.part(rows[sample]), part -> IntStream.builder()).add(sample);
    }
    Map<String, Samples> samples = new LinkedHashMap<>();
    parts.forEach((part, chosen) -> samples.put(part, new Samples(this, chosen.build().toArray())));
    return samples;
  }

  /** Returns the parts of the dataset that the samples are of, in order. */
  List<String> partNames() {
    return Arrays.stream(rows).mapToObj(dataset::part).distinct().toList();
  }

  /** Returns the part of each sample by its number among those given. */
  int[] sources(List<String> parts) {
    return Arrays.stream(rows).map(row -> parts.indexOf(dataset.part(row))).toArray();
  }

  int[] lengths() {
    return lengths.clone();
  }

  /** {@return the encoder} */
  public ExampleEncoder encoder() {
    return encoder;
  }

  String name() {
    return dataset.name();
  }
}
