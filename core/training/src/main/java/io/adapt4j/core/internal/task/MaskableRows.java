package io.adapt4j.core.internal.task;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.data.MaskableSamples;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntPredicate;

/**
 * Encoded training rows of a task that can mask them; {@code first} finds the first micro-batch of
 * the run that some rows have an effect on.
 */
public record MaskableRows(
    Dataset dataset, MaskableSamples samples, Function<IntPredicate, OptionalInt> first) {

  /** Takes them from the batches of a task that predicts next tokens. */
  public static MaskableRows of(Dataset dataset, Batches batches) {
    return new MaskableRows(dataset, batches.samples(), batches::firstWith);
  }

  /** Returns rows as they are masked, with the hashes of their samples. */
  List<MaskedRow> masked(Set<Integer> rows) {
    Map<Integer, List<Integer>> lengths = new HashMap<>();
    Map<Integer, MessageDigest> hashes = new HashMap<>();
    for (int i = 0; i < samples.size(); i++) {
      int row = samples.row(i);
      if (rows.contains(row)) {
        lengths.computeIfAbsent(row, key -> new ArrayList<>()).addAll(samples.lengths(i));
        samples.get(i).digest(hashes.computeIfAbsent(row, key -> FileDigest.sha256()), 1);
      }
    }
    return rows.stream()
        .sorted()
        .map(
            row ->
                new MaskedRow(
                    row,
                    Optional.of(lengths.getOrDefault(row, List.of())),
                    Optional.ofNullable(hashes.get(row))
                        .map(hash -> HexFormat.of().formatHex(hash.digest()))))
        .toList();
  }

  /** Returns the digest of all samples when some rows are masked. */
  String digest(Set<Integer> masked) {
    MessageDigest digest = FileDigest.sha256();
    for (int i = 0; i < samples.size(); i++) {
      if (masked.contains(samples.row(i))) {
        samples.masked(i).digest(digest, samples.maskedWeight(i));
      } else {
        samples.get(i).digest(digest, samples.weight(i));
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Returns the first micro-batch of the run with a sample of some rows; empty if none has. */
  OptionalInt firstBatch(Set<Integer> rows) {
    return first.apply(rows::contains);
  }
}
