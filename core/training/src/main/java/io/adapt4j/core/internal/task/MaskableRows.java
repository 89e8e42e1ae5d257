package io.adapt4j.core.internal.task;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.data.RowMask;
import io.adapt4j.core.internal.data.Samples;
import io.adapt4j.core.internal.data.TrainingSample;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Encoded training rows of a task that can mask them. */
record MaskableRows(Dataset dataset, Samples samples, Batches batches) {

  /** Takes them from the batches of a task. */
  static MaskableRows of(Dataset dataset, Batches batches) {
    return new MaskableRows(dataset, batches.samples(), batches);
  }

  /** Returns rows as they are masked, with the hashes of their samples. */
  List<MaskedRow> masked(Set<Integer> rows) {
    Map<Integer, List<Integer>> lengths = new HashMap<>();
    Map<Integer, MessageDigest> hashes = new HashMap<>();
    for (int i = 0; i < samples.size(); i++) {
      int row = samples.row(i);
      if (rows.contains(row)) {
        lengths.computeIfAbsent(row, key -> new ArrayList<>()).add(samples.length(i));
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
      TrainingSample sample =
          masked.contains(samples.row(i))
              ? RowMask.masked(samples.length(i), samples.encoder())
              : samples.get(i);
      sample.digest(digest, samples.weight(i));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Returns the first micro-batch of the run with a sample of some rows; empty if none has. */
  OptionalInt firstBatch(Set<Integer> rows) {
    return batches.firstWith(rows::contains);
  }
}
