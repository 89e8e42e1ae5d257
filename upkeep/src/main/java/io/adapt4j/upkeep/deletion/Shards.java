package io.adapt4j.upkeep.deletion;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.lora.AdapterMix;
import io.adapt4j.lora.LoraAdapter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Shards of training data by a key, such as a customer, so that a deletion only repeats the
 * training of one adapter (SISA, Bourtoule et al. 2021). Train one adapter on each shard's file,
 * and use each by its name or all of them {@linkplain #merge merged}.
 */
public final class Shards {

  private final int count;

  private Shards(int count) {
    this.count = count;
  }

  /**
   * Creates a number of shards.
   *
   * @param count the number, at least 1
   * @return the shards
   * @throws IllegalArgumentException if the number is below 1
   */
  public static Shards of(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("shards: expected at least 1, found " + count);
    }
    return new Shards(count);
  }

  /**
   * Returns the shard of a key: its SHA-256 modulo the number of shards, the same everywhere.
   *
   * @param key the key
   * @return its shard, from 0
   */
  public int shard(String key) {
    byte[] hash = FileDigest.sha256().digest(key.getBytes(StandardCharsets.UTF_8));
    return (int) Long.remainderUnsigned(ByteBuffer.wrap(hash).getLong(), count);
  }

  /**
   * Writes the rows of each shard to a file {@code shard-NUMBER.jsonl}.
   *
   * @param data the rows
   * @param field field of the key, also written
   * @param folder folder of the files
   * @return the files by shard; a shard without rows has none
   * @throws DatasetException if a row lacks the field, or a file cannot be written
   */
  public SortedMap<Integer, Path> write(Dataset data, String field, Path folder) {
    int[] shards =
        IntStream.range(0, data.size()).map(row -> shard(key(data, row, field))).toArray();
    SortedMap<Integer, Path> files = new TreeMap<>();
    for (int shard = 0; shard < count; shard++) {
      int number = shard;
      int[] rows = IntStream.range(0, shards.length).filter(row -> shards[row] == number).toArray();
      if (rows.length > 0) {
        Path file = folder.resolve(String.format(Locale.ROOT, "shard-%03d.jsonl", shard));
        Datasets.write(data.subset(rows), file, field);
        files.put(shard, file);
      }
    }
    return files;
  }

  private static String key(Dataset data, int row, String field) {
    return data.source(row)
        .filter(source -> source.has(field))
        .map(source -> String.valueOf(source.value(field)))
        .orElseThrow(
            () ->
                new DatasetException(
                    data.locate(row)
                        + ": expected a field '"
                        + field
                        + "' with the key of its shard, found none. Add it to the row."));
  }

  /**
   * Writes the mean of the shards' adapters weighted by rows, exactly, as one LoRA with the sum of
   * their ranks.
   *
   * @param rows adapters and the numbers of rows that they learned from
   * @param output folder of the merged adapter
   * @throws IllegalArgumentException if there is no adapter, or they cannot be added
   */
  public static void merge(Map<Path, Integer> rows, Path output) {
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("no adapters to merge: give at least one");
    }
    double all = rows.values().stream().mapToInt(Integer::intValue).sum();
    AdapterMix mix = null;
    for (Map.Entry<Path, Integer> adapter : new TreeMap<>(rows).entrySet()) {
      LoraAdapter lora = LoraAdapter.at(adapter.getKey());
      double weight = adapter.getValue() / all;
      mix = mix == null ? AdapterMix.of(lora, weight) : mix.and(lora, weight);
    }
    Objects.requireNonNull(mix).writeConcatenated(output);
  }
}
