package io.adapt4j.core.internal.train;

import com.google.common.primitives.Longs;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.train.TrainingException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/** Checks that all workers of a group compute the same run. */
public final class WorkerAgreement {

  private static final char SEPARATOR = '\u0000';

  private WorkerAgreement() {}

  /** Requires equal values from all workers. */
  public static void require(WorkerGroup group, Map<String, String> own) {
    List<Map<String, String>> all =
        group.exchange(written(own)).stream().map(WorkerAgreement::read).toList();
    List<String> differences = differences(all);
    if (!differences.isEmpty()) {
      throw new TrainingException(
          "The workers would not compute the same:\n  "
              + String.join("\n  ", differences)
              + "\nGive all of them the same files, versions, processors and threads.");
    }
  }

  /** Returns the differences from the first worker, one line each. */
  static List<String> differences(List<Map<String, String>> all) {
    List<String> differences = new ArrayList<>();
    Map<String, String> first = all.get(0);
    for (int rank = 1; rank < all.size(); rank++) {
      Map<String, String> names = new TreeMap<>(first);
      names.putAll(all.get(rank));
      for (String name : names.keySet()) {
        String here = first.getOrDefault(name, "(nothing)");
        String there = all.get(rank).getOrDefault(name, "(nothing)");
        if (!here.equals(there)) {
          differences.add("%s: %s on worker 0, %s on worker %s".formatted(name, here, there, rank));
        }
      }
    }
    return differences;
  }

  private static byte[] written(Map<String, String> values) {
    StringBuilder text = new StringBuilder();
    values.forEach(
        (name, value) -> text.append(name).append(SEPARATOR).append(value).append(SEPARATOR));
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static Map<String, String> read(byte[] written) {
    String[] parts =
        new String(written, StandardCharsets.UTF_8).split(String.valueOf(SEPARATOR), -1);
    Map<String, String> values = new TreeMap<>();
    for (int i = 0; i + 1 < parts.length; i += 2) {
      values.put(parts[i], parts[i + 1]);
    }
    return values;
  }

  /** Requires bit-identical trained parameters on all workers. */
  static void requireSameValues(WorkerGroup group, List<Trainable> trained, int step) {
    List<Long> sums =
        group.exchange(Longs.toByteArray(checksum(trained))).stream()
            .map(Longs::fromByteArray)
            .toList();
    for (int rank = 1; rank < sums.size(); rank++) {
      if (!sums.get(rank).equals(sums.get(0))) {
        throw new TrainingException(
            ("After step %s the trained values of worker %s are not those of worker 0. Its machine"
                    + " computes otherwise, or its memory is damaged; leave it out and resume from"
                    + " the last state.")
                .formatted(step, rank));
      }
    }
  }

  private static long checksum(List<Trainable> trained) {
    CRC32C sum = new CRC32C();
    for (Trainable parameter : trained) {
      ByteBuffer values = parameter.value().data();
      sum.update(values);
    }
    return sum.getValue();
  }
}
